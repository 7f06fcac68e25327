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
  /** The registry behind the registry proxy; absent: clients reach the registry themselves. */
  readonly upstream?: Upstream;
}

/** A service of the registry proxy. */
export type ProxiedService = Service & { readonly upstream: Upstream };

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

/** Whether AWS gives us the login at an upstream of one of these services. */
export function asksAws(services: readonly Service[]): boolean {
  return services.some(({ upstream }) => {
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
