/** The caller in an answer of AWS STS, and the answers that are refused. */
import { describe, expect, it } from 'vitest';
import { parseCaller } from '../../lib/iam/aws-sts.ts';
import { ACCOUNT, answerOf } from './loopback-sts.ts';

function read(result: object, partition = 'aws'): ReturnType<typeof parseCaller> {
  return parseCaller(Buffer.from(answerOf(result)), partition);
}

const ROLE_ID = 'AROACKCEVSQ6C2EXAMPLE';
const USER_ID = 'AIDACKCEVSQ6C2EXAMPLE';

describe('the caller in an answer', () => {
  const CALLERS: Record<string, [arn: string, userId: string, name: string]> = {
    'a role, without the session': [
      'sts::$:assumed-role/builder/agent-7',
      `${ROLE_ID}:agent-7`,
      'role/builder',
    ],
    'a role whose name has every kind of character': [
      'sts::$:assumed-role/a_B+c=d,e.f@g-1/x+=,.@-',
      `${ROLE_ID}:x+=,.@-`,
      'role/a_B+c=d,e.f@g-1',
    ],
    'a role of an instance': [
      'sts::$:assumed-role/farm/i-0123456789abcdef0',
      `${ROLE_ID}:i-0123456789abcdef0`,
      'role/farm',
    ],
    'a role of single sign-on': [
      'sts::$:assumed-role/AWSReservedSSO_Ops_0123456789abcdef/alice@example.com',
      `${ROLE_ID}:alice@example.com`,
      'role/AWSReservedSSO_Ops_0123456789abcdef',
    ],
    'a user': ['iam::$:user/alice', USER_ID, 'user/alice'],
    'a user with a path': ['iam::$:user/ops/europe/alice', USER_ID, 'user/ops/europe/alice'],
    'the root of the account': ['iam::$:root', ACCOUNT, 'root'],
  };

  it.each(Object.entries(CALLERS))('%s', (_, [arn, UserId, name]) => {
    const Arn = `arn:aws:${arn.replace('$', ACCOUNT)}`;
    expect(read({ Arn, Account: ACCOUNT, UserId })).toEqual({
      account: `aws:aws:${ACCOUNT}`,
      subject: `aws:arn:aws:iam::${ACCOUNT}:${name}`,
      uniqueId: UserId,
    });
  });
});

describe('no caller is named', () => {
  const USER = { Arn: `arn:aws:iam::${ACCOUNT}:user/alice`, Account: ACCOUNT, UserId: USER_ID };
  const ROLE = {
    Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/builder/agent-7`,
    Account: ACCOUNT,
    UserId: `${ROLE_ID}:agent-7`,
  };
  const ROOT = { Arn: `arn:aws:iam::${ACCOUNT}:root`, Account: ACCOUNT, UserId: ACCOUNT };
  const CONTRADICTIONS: Record<string, object> = {
    'of another account': { ...USER, Account: '999999999999' },
    'of no account': { ...USER, Account: undefined },
    'of an account that is a number': { ...USER, Account: Number(ACCOUNT) },
    'of an account that is too short': { ...USER, Arn: 'arn:aws:iam::1234:user/alice', Account: '1234' },
    'of an account that AWS owns': { ...USER, Arn: 'arn:aws:iam::aws:user/alice', Account: 'aws' },
    'of another partition': { ...USER, Arn: `arn:aws-cn:iam::${ACCOUNT}:user/alice` },
    'of no partition': { ...USER, Arn: `arn::iam::${ACCOUNT}:user/alice` },
    'of a region': { ...USER, Arn: `arn:aws:iam:us-east-1:${ACCOUNT}:user/alice` },
    'without an ARN': { ...USER, Arn: undefined },
    'with a list of ARNs': { ...USER, Arn: [USER.Arn] },
    'of a role with a name of two lines': {
      ...ROLE,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/builder\nx/agent-7`,
    },
    'of a user with a space': { ...USER, Arn: `${USER.Arn} x` },
    'of a user with a letter outside of ASCII': { ...USER, Arn: `${USER.Arn}é` },
    'of something before the ARN': { ...USER, Arn: `x${USER.Arn}` },
    'of another service': { ...USER, Arn: `arn:aws:s3::${ACCOUNT}:user/alice` },
  };
  it.each(Object.entries(CONTRADICTIONS))('by an answer that contradicts itself: %s', (_, result) => {
    expect(read(result)).toBeUndefined();
  });

  const STRANGERS: Record<string, object> = {
    'without a unique id': { ...USER, UserId: undefined },
    'with an empty unique id': { ...USER, UserId: '' },
    'with a unique id of a session, for a user': { ...USER, UserId: `${USER_ID}:x` },
    'with a unique id without session, for a role': { ...ROLE, UserId: ROLE_ID },
    'with a unique id of another session': { ...ROLE, UserId: `${ROLE_ID}:agent-8` },
    'with a unique id of half a session more': { ...ROLE, UserId: `${ROLE_ID}:agent:-7` },
    'with a unique id that has something before it': { ...USER, UserId: `:${USER_ID}` },
    'with a unique id that has something behind it': { ...USER, UserId: `${USER_ID} ` },
    'with a unique id of two sessions': { ...ROLE, UserId: `${ROLE_ID}:agent-7:agent-7` },
    'of the root, with the unique id of a user': { ...ROOT, UserId: USER_ID },
    'of the root of another account': { ...ROOT, UserId: '999999999999' },
    'of a user of STS': { ...USER, Arn: `arn:aws:sts::${ACCOUNT}:user/alice` },
    'of a role of IAM': { ...ROLE, Arn: `arn:aws:iam::${ACCOUNT}:role/builder` },
    'of a session of IAM': { ...ROLE, Arn: `arn:aws:iam::${ACCOUNT}:assumed-role/builder/agent-7` },
    'of the root of STS': { ...ROOT, Arn: `arn:aws:sts::${ACCOUNT}:root` },
    'of a role without session': { ...ROLE, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/builder` },
    'of a role with a path': { ...ROLE, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/a/builder/agent-7` },
    'of a user without name': { ...USER, Arn: `arn:aws:iam::${ACCOUNT}:user/ops/` },
    'of a user of something else': { ...USER, Arn: `arn:aws:iam::${ACCOUNT}:power-user/alice` },
    'of a session of something else': {
      ...ROLE,
      Arn: `arn:aws:sts::${ACCOUNT}:not-assumed-role/builder/agent-7`,
    },
    'of a session with a part more': { ...ROLE, Arn: `${ROLE.Arn}/x` },
    'of a federated user of IAM': { ...USER, Arn: `arn:aws:iam::${ACCOUNT}:federated-user/alice` },
    'of a group': { ...USER, Arn: `arn:aws:iam::${ACCOUNT}:group/ops` },
    'of something behind the root': { ...ROOT, Arn: `${ROOT.Arn}/x` },
    'of a federated user, whose name was chosen by the maker of its token': {
      Arn: `arn:aws:sts::${ACCOUNT}:federated-user/alice`,
      Account: ACCOUNT,
      UserId: `${ACCOUNT}:alice`,
    },
    'of a user whose name is longer than that of a subject': {
      ...USER,
      Arn: `arn:aws:iam::${ACCOUNT}:user/${'a'.repeat(200)}/${'b'.repeat(40)}`,
    },
  };
  it.each(Object.entries(STRANGERS))('that a policy could name: %s', (_, result) => {
    const isLong = JSON.stringify(result).length > 300;
    const reason = `the ${isLong ? 'ARN of the AWS caller is too long' : 'AWS caller is no role, user or root'}`;
    expect(read(result)).toMatchObject({ code: 'unauthenticated', details: { reason } });
  });

  it('of a partition that is not that of the host', () => {
    expect(read(USER, 'aws')).toMatchObject({ account: `aws:aws:${ACCOUNT}` });
    expect(read(USER, 'aws-cn')).toBeUndefined();
    const chinese = { ...USER, Arn: USER.Arn.replace('arn:aws:', 'arn:aws-cn:') };
    expect(read(chinese, 'aws-cn')).toMatchObject({
      account: `aws:aws-cn:${ACCOUNT}`,
      subject: `aws:arn:aws-cn:iam::${ACCOUNT}:user/alice`,
    });
    expect(read(chinese, 'aws-us-gov')).toBeUndefined();
  });
});
