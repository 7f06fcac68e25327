/** What a registry is configured with so that it trusts a deployment. */
import type { Service } from './service.ts';

/** The names of a service's public files. */
export const BUNDLE_FILE = 'rootcertbundle.pem';

export const JWKS_FILE = 'jwks.json';

/** The one key that signs now, PEM: zot takes no more than one. */
export const SIGNING_KEY_FILE = 'signing-key.pem';

/** The file that distribution needs: certificates (x5c) or the key set (kid). */
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

/**
 * The part of zot's configuration below `http`. zot has no setting for the issuer: it looks at neither issuer nor audience.
 * Without `compat` it refuses the manifests that docker pushes ("manifest invalid").
 */
export function zotHttp({ service, publicUrl, keysPath }: RegistryAuth): object {
  const bearer = { realm: `${publicUrl}/oauth/token`, service: service.name, cert: keysPath };
  return { auth: { bearer }, compat: ['docker2s2'] };
}
