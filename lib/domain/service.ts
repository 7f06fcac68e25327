/** A service: a registry that trusts this deployment, and how it is configured to. */

export interface RegistryAuth {
  readonly service: Pick<Service, 'name' | 'profile' | 'algorithm'>;
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  /** The absolute path at which the registry finds its key file. */
  readonly keysPath: string;
}

/** The public files of a service, by the name that everybody gives them. */
export const BUNDLE_FILE = 'rootcertbundle.pem';

export const JWKS_FILE = 'jwks.json';

/** The file that a registry needs: certificates where the tokens carry one, the key set where they name a key. */
export function keysFileOf({ profile }: Pick<Service, 'profile'>): string {
  return profile === 'x5c' ? BUNDLE_FILE : JWKS_FILE;
}

/**
 * For distribution 2.8 (x5c) and 3.x (x5c, kid). Every string is a JSON string, which YAML reads as it is. 3.x would
 * accept HMAC too, were the algorithms not listed.
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

/** What the header of an access token says about its key: a certificate chain, or only the key's name. */
export type HeaderProfile = 'x5c' | 'kid';

export type SigningAlgorithm = 'ES256' | 'RS256';

export interface Service {
  /** The `service` of the token protocol and the `aud` of its access tokens. */
  readonly name: string;
  /** Where its clients log in: `host` or `host:port`, as it stands before the slash in names of images. */
  readonly registry: string;
  readonly profile: HeaderProfile;
  readonly algorithm: SigningAlgorithm;
  /** What an access token's `expires_in` is at most, in seconds: 60 to 3600. */
  readonly lifetimeSeconds: number;
}

export const LIFETIME_SECONDS = { min: 60, default: 300, max: 3600 } as const;
