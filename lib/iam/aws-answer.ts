/** What STS answers to GetCallerIdentity, and whom that names here. */
import { type Account, isIdentifierValue, qualify, type Subject } from '../domain/account.ts';
import type { PullpassError } from '../domain/errors.ts';
import { rejected } from './refusals.ts';
import { member, readStrictJson } from './strict-json.ts';

export interface AwsCaller {
  readonly account: Account;
  /** `aws:` and the ARN of the role or the user: never that of a session, whose name whoever takes the role picks. */
  readonly subject: Subject;
  /** What AWS never gives to another, unlike a name; of a role with the session that it was taken for. For the audit. */
  readonly uniqueId: string;
}

const ARN = /^arn:([a-z-]+):(iam|sts)::(\d{12}):([\x21-\x7e]+)$/;
/** IAM user guide, "IAM and AWS STS quotas" and "IAM identifiers". */
const USER = /^user\/(?:[\x21-\x7e]+\/)?[\w+=,.@-]{1,64}$/;
/** STS leaves out the path of a role. */
const ASSUMED_ROLE = /^assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/;
/** IAM API reference, type `User`, member `UserId`. */
const UNIQUE_ID = /^\w{16,128}$/;

/**
 * Who it is, or a refusal of what is neither a role, a user nor the root: a federated user is called what whoever made
 * its token liked, so that its name is nobody's. Undefined: this is no such answer, or it contradicts itself or its
 * host, which speaks for the accounts of one partition.
 */
export function parseCaller(body: Uint8Array, partition: string): AwsCaller | PullpassError | undefined {
  const { arn, account, userId } = readResult(body);
  const [, arnPartition, service, arnAccount, resource = ''] = ARN.exec(arn) ?? [];
  if (arnPartition !== partition || arnAccount !== account) return undefined;
  const named = service === 'sts' ? roleNamed(resource, userId) : permanentNamed(resource, userId, account);
  if (named === undefined) return rejected('the AWS caller is no role, user or root');
  const name = `arn:${partition}:iam::${account}:${named}`;
  if (!isIdentifierValue(name)) return rejected('the ARN of the AWS caller is too long');
  return {
    account: qualify('aws', `${partition}:${account}`),
    subject: qualify('aws', name),
    uniqueId: userId,
  };
}

function roleNamed(resource: string, userId: string): string | undefined {
  const [, role, session] = ASSUMED_ROLE.exec(resource) ?? [];
  const [roleId = '', ...rest] = userId.split(':');
  const agree = UNIQUE_ID.test(roleId) && rest.join(':') === session;
  return role !== undefined && agree ? `role/${role}` : undefined;
}

function permanentNamed(resource: string, userId: string, account: string): string | undefined {
  if (resource === 'root') return userId === account ? resource : undefined;
  return USER.test(resource) && UNIQUE_ID.test(userId) ? resource : undefined;
}

/** Empty texts for what is missing. */
function readResult(body: Uint8Array): { arn: string; account: string; userId: string } {
  const result = member(member(json(body), 'GetCallerIdentityResponse'), 'GetCallerIdentityResult');
  const text = (name: string) => {
    const found = member(result, name);
    return typeof found === 'string' ? found : '';
  };
  return { arn: text('Arn'), account: text('Account'), userId: text('UserId') };
}

function json(body: Uint8Array): unknown {
  try {
    return readStrictJson(body);
  } catch {
    return undefined;
  }
}
