/** A service: a registry that trusts this deployment, how it is configured to, and the one spelling of its host. */

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
  /** The registry behind the registry proxy; absent: clients reach the registry themselves. */
  readonly upstream?: Upstream;
  /** How a registry that verifies access tokens itself says what was pulled; absent: it does not. */
  readonly notifications?: Notifications;
}

export interface Notifications {
  /** Refers to where the secret is that the registry sends: `file:…`, or the ARN of a secret. */
  readonly secret: string;
}

/** A service of the registry proxy. */
export type ProxiedService = Service & { readonly upstream: Upstream };

/** Whether the registry function has anything to do for it. */
export function usesRegistryFunction({ upstream, notifications }: Service): boolean {
  return upstream !== undefined || notifications !== undefined;
}

export function isProxied(service: Service): service is ProxiedService {
  return service.upstream !== undefined;
}

/** A registry that does not trust this deployment: the registry proxy pulls from it with credentials of its own. */
export interface Upstream {
  /** The origin, without a trailing slash. */
  readonly url: string;
  /** What stands before our repository names there: empty, or ends with a slash. */
  readonly prefix: string;
  readonly authentication: UpstreamAuthentication;
  /** The one other host to which its challenge may send us; absent: none. */
  readonly tokenHost?: string;
}

/** Whether AWS gives us the login at an upstream, or the secret of notifications, of one of these services. */
export function asksAws(services: readonly Service[]): boolean {
  return services.some(({ upstream, notifications }) => {
    if (notifications?.secret.startsWith('arn:')) return true;
    const authentication = upstream?.authentication;
    if (authentication?.kind === 'password') return authentication.password.startsWith('arn:');
    return authentication?.kind === 'ecr';
  });
}

export type UpstreamAuthentication =
  | { readonly kind: 'none' }
  /** `password` refers to where the password is: `file:…`, or the ARN of a secret. */
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'ecr';
      /** Absent: the function's own. */
      readonly region?: string;
      /** A role of the registry's account, which the function assumes. */
      readonly roleArn?: string;
      readonly externalId?: string;
    };

export const LIFETIME_SECONDS = { min: 60, default: 300, max: 3600 } as const;

const HOST = /^(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)(?::(?<port>[1-9]\d{0,4}))?$/;

const MAX_PORT = 65_535;

const HTTPS_PORT = '443';

/** A scheme before the host, and what docker writes behind it. */
const WRITTEN = /^(?:https?:\/\/)?([^/]+)(?:\/(?:v2\/?)?)?$/i;

/**
 * `host` or `host:port` in lower case, an IPv6 address in its shortest form, without the port that https has anyway.
 * Nothing else is normalised: a name that only looks like a registry's is another one. Undefined: it is no host.
 */
export function canonicalHost(text: string): string | undefined {
  const { host, port } = HOST.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) > MAX_PORT) return undefined;
  const name = host.startsWith('[') ? ipv6(host) : host.toLowerCase();
  return name === undefined || port === undefined || port === HTTPS_PORT ? name : `${name}:${port}`;
}

/** As `canonicalHost`, for what people write: `https://host`, `http://host/`, `host/v2/`. */
export function hostAsWritten(text: string): string | undefined {
  const host = WRITTEN.exec(text)?.[1];
  return host === undefined ? undefined : canonicalHost(host);
}

/** Whether both are the same registry. The first is as the deployment writes it, the second as people do. */
export function isSameRegistry(registry: string, written: string): boolean {
  return registry === written || (canonicalHost(registry) ?? registry) === hostAsWritten(written);
}

function ipv6(bracketed: string): string | undefined {
  return URL.parse(`http://${bracketed}`)?.hostname;
}

/** A registry of Amazon ECR, as its host names it. */
export interface EcrRegistry {
  /** The number of the AWS account. */
  readonly account: string;
  readonly region: string;
}

/** Also FIPS and dual-stack hosts, of all partitions (Amazon ECR User Guide, "Using the Amazon ECR endpoints"). */
const ECR_HOST =
  /^(?<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?<region>[a-z]{2,5}(?:-[a-z]+)+-\d{1,2})\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)|c2s\.ic\.gov|sc2s\.sgov\.gov|csp\.hci\.ic\.gov|cloud\.adc-e\.uk)$/;

/** The registry at an upstream's URL; undefined: it is none of ECR's. */
export function ecrRegistryAt(url: string): EcrRegistry | undefined {
  const { protocol, host } = new URL(url);
  const { account, region } = ECR_HOST.exec(host)?.groups ?? {};
  if (protocol !== 'https:' || account === undefined || region === undefined) return undefined;
  return { account, region };
}
