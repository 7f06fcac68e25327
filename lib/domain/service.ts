/** A service: a registry that trusts this deployment, and how it is configured to. */

/** How the header of an access token identifies its key: by certificates, or by name alone. */
export type HeaderProfile = 'x5c' | 'kid';

export type SigningAlgorithm = 'ES256' | 'RS256';

export interface Service {
  /** The `service` of the token protocol and the `aud` of its access tokens. */
  readonly name: string;
  /** Where its clients log in: `host` or `host:port`, as in names of images before the first slash. */
  readonly registry: string;
  readonly profile: HeaderProfile;
  readonly algorithm: SigningAlgorithm;
  /** What an access token's `expires_in` is at most, in seconds: 60 to 3600. */
  readonly lifetimeSeconds: number;
}

export const LIFETIME_SECONDS = { min: 60, default: 300, max: 3600 } as const;

/** The names of a service's public files. */
export const BUNDLE_FILE = 'rootcertbundle.pem';

export const JWKS_FILE = 'jwks.json';

/** The file that a registry needs: certificates (x5c) or the key set (kid). */
export function keysFileOf({ profile }: Pick<Service, 'profile'>): string {
  return profile === 'x5c' ? BUNDLE_FILE : JWKS_FILE;
}

export interface RegistryAuth {
  readonly service: Pick<Service, 'name' | 'profile' | 'algorithm'>;
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  /** The absolute path at which the registry finds its key file. */
  readonly keysPath: string;
}

/**
 * The configuration of distribution 2.8 (x5c) and 3.x (x5c, kid). JSON strings are also YAML strings. The algorithms are
 * listed because 3.x would otherwise accept HMAC.
 */
export function distributionAuth({ service, publicUrl, keysPath }: RegistryAuth): string {
  return `auth:
  token:
    realm: ${JSON.stringify(`${publicUrl}/oauth/token`)}
    service: ${JSON.stringify(service.name)}
    issuer: ${JSON.stringify(publicUrl)}
    ${service.profile === 'x5c' ? 'rootcertbundle' : 'jwks'}: ${JSON.stringify(keysPath)}
    signingalgorithms: [${service.algorithm}]
`;
}
