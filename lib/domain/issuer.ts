/** An issuer: an IAM or OIDC provider that the configuration names. Nothing that a caller sends can add one. */

import type { Secret } from './secret.ts';
import type { Platform } from './trust.ts';

export interface Issuer {
  /** The short key that qualifies its accounts and subjects. */
  readonly key: string;
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  /** Where its public keys are: a JWK set (RFC 7517). */
  readonly keysUrl: string;
  /** Where API keys and refresh tokens are exchanged; null: it takes none. */
  readonly tokenUrl: string | null;
  /** Who this deployment is at `tokenUrl` when it exchanges a refresh token; null: it does not say. */
  readonly client: { readonly id: string; readonly secret: Secret } | null;
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

/** A build platform whose workloads may be trusted. */
export interface WorkloadIssuer extends Pick<Issuer, 'key' | 'issuer' | 'keysUrl'> {
  readonly platform: Platform;
}

/** How AWS callers are recognised. */
export interface AwsIssuer {
  readonly key: 'aws';
  /** Where the rebuilt requests are sent instead of the host that was signed: a VPC endpoint; null: to that host. */
  readonly endpoint: string | null;
}

/** Everyone whom the configuration lets vouch for callers. */
export interface Issuers {
  readonly iam: readonly Issuer[];
  readonly aws: AwsIssuer | null;
  readonly workloads: readonly WorkloadIssuer[];
}

/** The keys of those who vouch for identities, and thereby for accounts. */
export function identityIssuers({ iam, aws }: Issuers): ReadonlySet<string> {
  return new Set([...iam, ...(aws === null ? [] : [aws])].map(({ key }) => key));
}

/** The keys of all issuers. */
export function issuerKeys(issuers: Issuers): ReadonlySet<string> {
  return new Set([...identityIssuers(issuers), ...issuers.workloads.map(({ key }) => key)]);
}
