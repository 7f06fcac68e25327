/** Issuers, by their keys. */
import { describe, expect, it } from 'vitest';
import { type Issuers, identityIssuers, issuerKeys } from '../../lib/domain/identity.ts';

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
