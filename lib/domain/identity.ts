/** IAM identities, and the issuers that vouch for them. Nothing that a caller sends can add an issuer. */
import { type Account, isIdentifierValue, isIssuerKey, qualify, type Subject } from './account.ts';
import type { Secret } from './secret.ts';
import type { Platform } from './trust.ts';

/** The user names that say what the password is. */
export type AssertionKind = 'awsiam' | 'iamapikey' | 'iambearer' | 'iamrefresh';

export interface Identity {
  readonly kind: AssertionKind;
  readonly issuer: string;
  readonly account: Account;
  readonly subject: Subject;
  /**
   * `weak`: the proof was made for nobody in particular (an access token without audience), so another service that
   * saw it could replay it here.
   */
  readonly strength: 'strong' | 'weak';
  /** When the proof ends, in seconds since 1970; null: it does not by itself. */
  readonly expiresAt: number | null;
  /**
   * What makes this proof one of a kind, when whoever sees it could send it again (`awsiam`); null: the proof is a
   * secret between the caller and us. Such a proof manages once.
   */
  readonly nonce: string | null;
  /** What the issuer calls the caller and will never call another: names can be given away, this cannot. */
  readonly uniqueId?: string;
}

/** A line of `PULLPASS_ADMINISTRATORS`. */
export interface Administrator {
  readonly account: Account;
  readonly subject: Subject;
}

/** Whether the configuration names the identity as an administrator of its account. */
export function isAdministrator(
  identity: Pick<Identity, 'account' | 'subject'>,
  administrators: readonly Administrator[],
): boolean {
  return administrators.some(
    ({ account, subject }) => account === identity.account && subject === identity.subject,
  );
}

/** An account of AWS is `<partition>:<account id>`; every other issuer's has no colon in this place. */
const ADMINISTRATOR = /^(?:(aws):([^:]+:[^:]+)|(?!aws:)([^:]+):([^:]+)):(.+)$/;

/** Reads `issuer:account:subject`; undefined for anything else. The subject may hold colons. */
export function parseAdministrator(text: string): Administrator | undefined {
  const [, aws, awsAccount, other, otherAccount, subject] = ADMINISTRATOR.exec(text) ?? [];
  const issuer = aws ?? other ?? '';
  const account = awsAccount ?? otherAccount;
  if (!isIssuerKey(issuer) || !isIdentifierValue(account) || !isIdentifierValue(subject)) return undefined;
  return { account: qualify(issuer, account), subject: qualify(issuer, subject) };
}

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
