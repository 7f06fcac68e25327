/** IAM identities and their issuers. Issuers come from the configuration alone. */
import type { GroupsClaim } from './groups.ts';
import { type Account, isIdentifierValue, isIssuerKey, qualify, type Subject } from './identifiers.ts';
import type { Platform, RequiredClaims } from './platforms.ts';
import type { Secret } from './secret.ts';

/** The user names that say what the password is. */
export type AssertionKind = 'awsiam' | 'iamapikey' | 'iambearer' | 'iamrefresh';

export interface Identity {
  readonly kind: AssertionKind;
  readonly issuer: string;
  readonly account: Account;
  readonly subject: Subject;
  /**
   * `weak`: an access token without audience, which any other service that sees it could replay here.
   */
  readonly strength: 'strong' | 'weak';
  /** When the assertion ends, in seconds since 1970; null: it does not end by itself. */
  readonly expiresAt: number | null;
  /**
   * Identifies an assertion that anyone who sees it could send again (`awsiam`), and that the management API therefore
   * accepts once; null: the assertion is a secret.
   */
  readonly nonce: string | null;
  /** Absent: the issuer says nothing of groups. */
  readonly groups?: GroupsClaim;
  /** The issuer's id of the caller, which it gives to no other; names can be reused. */
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

/** An account of AWS is `<partition>:<account id>`; that of every other issuer has no colon here. */
const ADMINISTRATOR = /^(?<issuer>[^:]+):(?<account>(?<=^aws:)[^:]+:[^:]+|(?<!^aws:)[^:]+):(?<subject>.+)$/;

/** Reads `issuer:account:subject`; undefined for anything else. The subject may hold colons. */
export function parseAdministrator(text: string): Administrator | undefined {
  const { issuer, account, subject } = ADMINISTRATOR.exec(text)?.groups ?? {};
  if (!isIssuerKey(issuer) || !isIdentifierValue(account) || !isIdentifierValue(subject)) return undefined;
  return { account: qualify(issuer, account), subject: qualify(issuer, subject) };
}

/** A secret that is read when it is needed, because it is rotated. */
export interface SecretArn {
  readonly arn: string;
  readonly region: string;
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
  /** How this deployment authenticates when it exchanges a refresh token; null: it does not. */
  readonly client: { readonly id: string; readonly secret: Secret | SecretArn } | null;
  /** The `aud` that its tokens must have; null: they have none, which makes its identities weak. */
  readonly audience: string | null;
  /** Audiences that a token may have beside ours. Who gets such a token could replay it here. */
  readonly otherAudiences?: readonly string[];
  /** The longest life of its tokens, in seconds from `iat` to `exp`; absent: a day, unless its platform says another. */
  readonly maxLifetimeSeconds?: number;
  /** Paths of claims, whose members are separated by dots. */
  readonly claims: {
    readonly subject: string;
    readonly account: string;
    /** A claim that must be `true` (IBM: `account.valid`); absent: there is none. */
    readonly valid?: string;
    /** The list of the caller's groups; absent: policies name none. */
    readonly groups?: string;
  };
}

/** A build platform whose workloads may be trusted. */
export interface WorkloadIssuer
  extends Pick<Issuer, 'key' | 'issuer' | 'keysUrl' | 'otherAudiences' | 'maxLifetimeSeconds'> {
  readonly platform: Platform;
  /** What trusts must name beside what the platform requires; absent: nothing. */
  readonly requiredClaims?: RequiredClaims;
}

/** How AWS callers are authenticated. */
export interface AwsIssuer {
  readonly key: 'aws';
  /** Where the rebuilt requests are sent instead of the host that was signed: a VPC endpoint; null: to that host. */
  readonly endpoint: string | null;
}

/** The configured issuers. */
export interface Issuers {
  readonly iam: readonly Issuer[];
  readonly aws: AwsIssuer | null;
  readonly workloads: readonly WorkloadIssuer[];
}

/** The keys of the issuers of identities, which are also those of accounts. */
export function identityIssuers({ iam, aws }: Issuers): ReadonlySet<string> {
  return new Set([...iam, ...(aws === null ? [] : [aws])].map(({ key }) => key));
}

/** The keys of all issuers. */
export function issuerKeys(issuers: Issuers): ReadonlySet<string> {
  return new Set([...identityIssuers(issuers), ...issuers.workloads.map(({ key }) => key)]);
}
