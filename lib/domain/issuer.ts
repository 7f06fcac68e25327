/** An issuer: an IAM or OIDC provider that the configuration names. Nothing that a caller sends can add one. */

export interface Issuer {
  /** The short key that qualifies its accounts and subjects. */
  readonly key: string;
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  /** Where its public keys are: a JWK set (RFC 7517). */
  readonly keysUrl: string;
  /** Where API keys are exchanged; null: it takes none. */
  readonly tokenUrl: string | null;
  /** The `aud` that its tokens must hold; null: they have none, and are therefore a weak proof. */
  readonly audience: string | null;
  /** Paths of the claims that name the caller: members parted by dots. */
  readonly claims: {
    readonly subject: string;
    readonly account: string;
    /** A claim that must be `true` (IBM: `account.valid`); absent: there is none. */
    readonly valid?: string;
  };
}
