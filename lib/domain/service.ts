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
