/** A service: one registry that trusts this deployment. */

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
