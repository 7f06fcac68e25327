/** Who administers: those whom the configuration names, account and subject together; and issuers by their keys. */

import { describe, expect, it } from 'vitest';
import {
  type Identity,
  type Issuers,
  identityIssuers,
  isAdministrator,
  issuerKeys,
  parseAdministrator,
} from '../../lib/domain/identity.ts';

const identity: Identity = {
  kind: 'iambearer',
  issuer: 'ibm',
  account: 'ibm:acme',
  subject: 'ibm:alice',
  strength: 'strong',
  expiresAt: null,
  nonce: null,
};

describe('isAdministrator', () => {
  it('is the named subject in the named account', () => {
    expect(isAdministrator(identity, [{ account: 'ibm:acme', subject: 'ibm:alice' }])).toBe(true);
  });
  it('is found anywhere in the list', () => {
    const other = { account: 'ibm:other', subject: 'ibm:bob' } as const;
    expect(isAdministrator(identity, [other, { account: 'ibm:acme', subject: 'ibm:alice' }, other])).toBe(
      true,
    );
  });
  it.each([
    ['an empty list of administrators', []],
    ['not another subject of the account', [{ account: 'ibm:acme', subject: 'ibm:bob' }]],
    ['not the subject in another account', [{ account: 'ibm:other', subject: 'ibm:alice' }]],
    ['not a subject of the same name from another issuer', [{ account: 'dev:acme', subject: 'dev:alice' }]],
    [
      'not account and subject from two different lines',
      [
        { account: 'ibm:acme', subject: 'ibm:bob' },
        { account: 'ibm:other', subject: 'ibm:alice' },
      ],
    ],
  ] as const)('is %s', (_, administrators) => {
    expect(isAdministrator(identity, administrators)).toBe(false);
  });
});

describe('parseAdministrator', () => {
  it('qualifies account and subject by the issuer', () => {
    expect(parseAdministrator('ibm:acme:alice')).toEqual({ account: 'ibm:acme', subject: 'ibm:alice' });
  });
  it('leaves the colons of a subject', () => {
    expect(parseAdministrator('dev:acme:a:b:c')).toEqual({ account: 'dev:acme', subject: 'dev:a:b:c' });
  });
  it.each([
    [
      'aws:aws:123456789012:arn:aws:iam::123456789012:role/ci',
      'aws:aws:123456789012',
      'arn:aws:iam::123456789012:role/ci',
    ],
    ['aws:aws-us-gov:123456789012:x', 'aws:aws-us-gov:123456789012', 'x'],
  ] as const)('takes partition and number for the account of %s', (text, account, subject) => {
    expect(parseAdministrator(text)).toEqual({ account, subject: `aws:${subject}` });
  });
  it.each([
    'aws:aws:123456789012',
    'aws:123456789012',
    'aws::123456789012:x',
    'aws:aws::x',
    'aws:aws:123456789012:',
    'aws',
  ])('takes nothing less for an account of AWS: not %s', text =>
    expect(parseAdministrator(text)).toBeUndefined(),
  );
  it('parts only AWS by partition', () => {
    expect(parseAdministrator('aws2:acme:a:b')).toEqual({ account: 'aws2:acme', subject: 'aws2:a:b' });
    expect(parseAdministrator('my-aws:acme:a:b')).toEqual({ account: 'my-aws:acme', subject: 'my-aws:a:b' });
  });
  it.each([
    ...['', ':', '::', ':::', 'ibm', 'ibm:acme', 'ibm:acme:', 'ibm::alice', ':acme:alice', 'IBM:acme:alice'],
    ...[
      ':ibm:acme:alice',
      'ibm:acme:alice ',
      ' ibm:acme:alice',
      'ibm:ac me:alice',
      'ibm:acme:ali\nce',
      'i_m:acme:alice',
      'ibm:é:alice',
    ],
  ])('refuses %j', text => expect(parseAdministrator(text)).toBeUndefined());
});

const IAM = {
  key: 'ibm',
  issuer: 'https://iam.example',
  keysUrl: 'https://iam.example/keys',
  tokenUrl: null,
  client: null,
  audience: null,
  claims: { subject: 'sub', account: 'account' },
};
const GITHUB = { key: 'github', issuer: 'https://github.example', keysUrl: 'https://github.example/keys' };
const ALL: Issuers = {
  iam: [IAM, { ...IAM, key: 'dev' }],
  aws: { key: 'aws', endpoint: null },
  workloads: [{ ...GITHUB, platform: 'github' }],
};

describe('the issuers', () => {
  it('are the IAMs and AWS for identities', () => {
    expect(identityIssuers(ALL)).toEqual(new Set(['ibm', 'dev', 'aws']));
    expect(identityIssuers({ ...ALL, aws: null })).toEqual(new Set(['ibm', 'dev']));
  });
  it('are these and the build platforms in total', () => {
    expect(issuerKeys(ALL)).toEqual(new Set(['ibm', 'dev', 'aws', 'github']));
    expect(issuerKeys({ iam: [], aws: null, workloads: [] })).toEqual(new Set());
  });
});
