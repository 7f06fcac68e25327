/** How a registry is configured to trust a deployment, and which clients then refuse to log in at its realm. */
import { BlockList, isIP } from 'node:net';
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
 * The section with which distribution reports pulls (its `docs/content/about/notifications.md`), and nothing else: events of layers and
 * of pushes say nothing that is counted.
 */
export function distributionNotifications(
  { service, publicUrl }: Pick<RegistryAuth, 'service' | 'publicUrl'>,
  secret: string,
): string {
  const authorization = `Basic ${Buffer.from(`pullpass:${secret}`).toString('base64')}`;
  return `notifications:
  endpoints:
    - name: pullpass
      url: ${JSON.stringify(`${publicUrl}/v1/services/${encodeURIComponent(service.name)}/events`)}
      headers:
        Authorization: [${JSON.stringify(authorization)}]
      timeout: 5s
      threshold: 5
      backoff: 10s
      ignore:
        mediatypes: [application/octet-stream]
        actions: [push, mount, delete]
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

/** A client sends its password to the realm that a registry names, so newer ones follow only realms that are not suspect. */
export interface Realm {
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  /** `host` or `host:port`. */
  readonly registry: string;
  /** Whether clients reach the registry over https; absent: as docker does, unless it is on this machine. */
  readonly isTls?: boolean;
}

/** Addresses of a machine itself, of its link, and of private networks. */
const INTERNAL = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  INTERNAL.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  INTERNAL.addSubnet(network, bits, 'ipv6');

/**
 * A sentence for the gravest fault; undefined: everything that we know accepts the realm. Sources: go-containerregistry
 * `pkg/v1/remote/transport/bearer.go`, oras-go `registry/remote/auth/client.go`, distribution `registry/proxy/proxyauth.go`.
 */
export function realmFault({ publicUrl, registry, isTls }: Realm): string | undefined {
  const realm = new URL(publicUrl);
  const there = URL.parse(`${realm.protocol}//${registry}`) ?? realm;
  const refused = (clients: string, reason: string) =>
    `Newer clients (${clients}) refuse to log in to ${registry} at ${publicUrl}: ${reason}.`;
  if (realm.protocol === 'http:' && (isTls ?? !isLocal(there.hostname)))
    return refused('crane, oras, helm', 'they reach the registry over https, and this is http');
  if (realm.host === there.host) return undefined;
  const isSameHost = realm.hostname === there.hostname;
  if (isInternal(realm.hostname))
    return refused(
      isSameHost ? 'crane' : 'crane, oras, helm',
      'it is an address of a machine itself, or of a private network',
    );
  if (isLocal(realm.hostname) && !isSameHost)
    return refused('oras', 'it is another name of each machine itself');
  if (isLocal(there.hostname) || areOfOneDomain(there.hostname, realm.hostname)) return undefined;
  return `A pull-through cache (distribution 3.1 and newer) of ${registry} does not log in at ${publicUrl}: the hosts are not of one domain.`;
}

function addressOf(hostname: string): string {
  return hostname.replaceAll(/[[\]]/g, '');
}

/** An address is of no domain. */
function areOfOneDomain(...hostnames: readonly [string, string]): boolean {
  if (hostnames.some(hostname => isIP(addressOf(hostname)) > 0)) return false;
  const [one, other] = hostnames.map(registrableDomain);
  return one === other;
}

function isInternal(hostname: string): boolean {
  const address = addressOf(hostname);
  return INTERNAL.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** Of this machine: loopback by name or by address. */
function isLocal(hostname: string): boolean {
  return /^(?:(?:.*\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** The last two labels, or three below such as `co.uk`: near enough without a list of public suffixes. Undefined: it has one label. */
function registrableDomain(hostname: string): string | undefined {
  const labels = hostname.split('.');
  const count = /\.(?:ac|co|com|edu|gov|net|org)\.[a-z]{2}$/.test(hostname) ? 3 : 2;
  return labels.length < 2 ? undefined : labels.slice(-count).join('.');
}
