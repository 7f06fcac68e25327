/** An IAM identity: a caller that an issuer vouches for, and the roles that it has here. */
import { type Account, isIdentifierValue, isIssuerKey, qualify, type Subject } from './account.ts';

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
