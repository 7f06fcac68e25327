/** The issuers file: who may vouch for callers, and that every problem names its entry. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig } from '../lib/config/config.ts';
import type { Issuer, Issuers } from '../lib/domain/identity.ts';
import { Secret } from '../lib/domain/secret.ts';

const directory = mkdtempSync(join(tmpdir(), 'pullpass-issuers-'));
afterAll(() => rmSync(directory, { recursive: true }));

const secretFile = join(directory, 'client-secret');
writeFileSync(secretFile, 'the client secret\n');

const IAM = {
  key: 'acme',
  issuer: 'https://iam.acme.example',
  keysUrl: 'https://iam.acme.example/keys',
  audience: 'https://pullpass.example',
};
const GITHUB = {
  key: 'github',
  kind: 'workload',
  platform: 'github',
  issuer: 'https://token.actions.example',
  keysUrl: 'https://token.actions.example/keys',
};
const IBM = { key: 'ibm', preset: 'ibm' };
const AWS = { key: 'aws', kind: 'aws' };

function read(content: unknown): Issuers | undefined {
  const file = join(directory, 'issuers.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readConfig(['issuers'], { PULLPASS_ISSUERS: file }).issuers;
}

function secretOf(issuer: Issuer | undefined): string | undefined {
  const secret = issuer?.client?.secret;
  return secret instanceof Secret ? secret.reveal() : undefined;
}

function problemsOf(content: unknown): readonly string[] {
  try {
    read(content);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  throw new Error('there was no problem');
}

describe('the issuers file', () => {
  it('names IAMs, AWS and build platforms, several at once', () => {
    const gitlab = { ...GITHUB, key: 'gitlab', platform: 'gitlab', issuer: 'https://gitlab.example' };
    const second = { ...IAM, key: 'second', kind: 'iam', issuer: 'https://second.example' };
    const issuers = read([IAM, second, IBM, AWS, GITHUB, gitlab]);
    expect(issuers?.iam.map(({ key }) => key)).toEqual(['acme', 'second', 'ibm']);
    expect(issuers?.aws).toEqual({ key: 'aws', endpoint: null });
    const { kind, ...platform } = GITHUB;
    expect(issuers?.workloads[0]).toEqual(platform);
    expect(issuers?.workloads.map(({ key }) => key)).toEqual(['github', 'gitlab']);
  });

  it('fills in what an IAM does not say', () => {
    expect(read([IAM])).toEqual({
      iam: [{ ...IAM, tokenUrl: null, client: null, claims: { subject: 'iam_id', account: 'account.bss' } }],
      aws: null,
      workloads: [],
    });
  });

  it('reads what an IAM says', () => {
    const claims = { subject: 'sub', account: 'tenant.id', valid: 'tenant.active' };
    const tokenUrl = 'http://127.0.0.1:8080/token';
    expect(read([{ ...IAM, tokenUrl, claims }])?.iam[0]).toMatchObject({ tokenUrl, claims });
  });

  it('knows IBM Cloud IAM as its public documentation describes it', () => {
    const [ibm] = read([IBM])?.iam ?? [];
    expect(ibm).toMatchObject({
      key: 'ibm',
      issuer: 'https://iam.cloud.ibm.com/identity',
      keysUrl: 'https://iam.cloud.ibm.com/identity/keys',
      tokenUrl: 'https://iam.cloud.ibm.com/identity/token',
      audience: null,
      claims: { subject: 'iam_id', account: 'account.bss', valid: 'account.valid' },
    });
    expect([ibm?.client?.id, secretOf(ibm)]).toEqual(['bx', 'bx']);
  });

  it('refers to a client secret by the file that holds it, and shows it nowhere', () => {
    const client = { id: 'pullpass', secret: `file:${secretFile}` };
    const [iam] = read([{ ...IAM, client }])?.iam ?? [];
    expect([iam?.client?.id, secretOf(iam)]).toEqual(['pullpass', 'the client secret']);
    expect(JSON.stringify(iam)).not.toContain('the client secret');
  });

  it.each([
    [
      'without the six characters at its end',
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:iam/pullpass',
      'eu-west-1',
    ],
    ['with them', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:iam/pullpass-AbC123', 'eu-west-1'],
    [
      'in the European Sovereign Cloud',
      'arn:aws-eusc:secretsmanager:eusc-de-east-1:123456789012:secret:iam',
      'eusc-de-east-1',
    ],
  ])('refers to a client secret by its ARN, %s, and reads none at the start', (_, arn, region) => {
    const [iam] = read([{ ...IAM, client: { id: 'pullpass', secret: arn } }])?.iam ?? [];
    expect(iam?.client).toEqual({ id: 'pullpass', secret: { arn, region } });
  });

  it('takes a missing audience only when it is written out', () => {
    expect(read([{ ...IAM, audience: `none:${IAM.issuer}` }])?.iam[0]?.audience).toBeNull();
  });

  it('may send the requests for AWS callers to an endpoint of the operator', () => {
    expect(read([{ ...AWS, endpoint: 'https://vpce.example' }])?.aws?.endpoint).toBe('https://vpce.example');
  });

  const AT = 'PULLPASS_ISSUERS [0]';
  const ENDPOINT = 'must be an https URL, or an http URL of this machine';
  const FREE = 'must be lower-case letters, digits and hyphens, and not token, group or aws';
  const BAD: Record<string, [entry: unknown, problem: string]> = {
    'no audience': [
      { ...IAM, audience: undefined },
      `${AT}[audience] is missing; write none:<issuer> if its tokens have no audience`,
    ],
    'an empty audience': [
      { ...IAM, audience: '' },
      `${AT}[audience] is missing; write none:<issuer> if its tokens have no audience`,
    ],
    'no audience of another issuer': [
      { ...IAM, audience: 'none:https://other.example' },
      `${AT} audience must be none:<issuer>, with the issuer of this entry`,
    ],
    'a workload issuer without an audience': [
      { ...IAM, audience: 'none:' },
      `${AT} audience must be none:<issuer>, with the issuer of this entry`,
    ],
    'a key in capitals': [{ ...IAM, key: 'Acme' }, `${AT}[key] ${FREE}`],
    'the key of registry tokens': [{ ...IAM, key: 'token' }, `${AT}[key] ${FREE}`],
    'the key of AWS': [{ ...IAM, key: 'aws' }, `${AT}[key] ${FREE}`],
    'the key of AWS for a preset': [{ ...IBM, key: 'aws' }, `${AT}[key] ${FREE}`],
    'the key of AWS for a build platform': [{ ...GITHUB, key: 'aws' }, `${AT}[key] ${FREE}`],
    'another key for AWS': [{ ...AWS, key: 'amazon' }, `${AT}[key] must be aws`],
    'an unknown kind': [{ ...IAM, kind: 'saml' }, `${AT}[kind] must be iam, aws or workload`],
    'an unknown preset': [{ key: 'x', preset: 'google' }, `${AT}[preset] must be ibm`],
    'a preset with a setting beside it': [{ ...IBM, audience: 'x' }, `${AT}[audience] is an unknown field`],
    'an unknown platform': [
      { ...GITHUB, platform: 'travis' },
      `${AT}[platform] must be one of github, gitlab, kubernetes, circleci, buildkite, bitbucket, jenkins, forgejo, gitea, spiffe, generic`,
    ],
    'a misspelt setting': [{ ...IAM, tokenURL: 'https://x' }, `${AT}[tokenURL] is an unknown field`],
    'keys in the clear': [{ ...IAM, keysUrl: 'http://iam.example/keys' }, `${AT}[keysUrl] ${ENDPOINT}`],
    'keys with credentials': [{ ...IAM, keysUrl: 'https://a:b@iam.example/' }, `${AT}[keysUrl] ${ENDPOINT}`],
    'keys in a file': [{ ...GITHUB, keysUrl: 'file:///etc/passwd' }, `${AT}[keysUrl] ${ENDPOINT}`],
    'a token endpoint that only begins like this machine': [
      { ...IAM, tokenUrl: 'http://127.0.0.1.evil.example/' },
      `${AT}[tokenUrl] ${ENDPOINT}`,
    ],
    'an AWS endpoint in the clear': [
      { ...AWS, endpoint: 'http://sts.example' },
      `${AT}[endpoint] ${ENDPOINT}`,
    ],
    'an issuer that is no URL': [{ ...IAM, issuer: 'acme' }, `${AT}[issuer] must be an http or https URL`],
    'a client secret in the file itself': [
      { ...IAM, client: { id: 'a', secret: 'hunter2' } },
      `${AT}[client][secret] must be file: and an absolute path, or the ARN of a secret`,
    ],
    'a client secret that is not there': [
      { ...IAM, client: { id: 'a', secret: 'file:/nonexistent' } },
      `${AT}[client][secret] names a client secret that cannot be read`,
    ],
    'a client secret by the ARN of something else': [
      { ...IAM, client: { id: 'a', secret: 'arn:aws:ssm:eu-central-1:123456789012:parameter/a' } },
      `${AT}[client][secret] must be file: and an absolute path, or the ARN of a secret`,
    ],
    'a claim that is no path': [
      { ...IAM, claims: { subject: 'a..b', account: 'c' } },
      `${AT}[claims][subject] must be field names separated by dots`,
    ],
    'a missing claim': [{ ...IAM, claims: { subject: 'sub' } }, `${AT}[claims][account] is missing`],
    'a missing issuer': [{ ...GITHUB, issuer: undefined }, `${AT}[issuer] is missing`],
    'no object': ['acme', `${AT} must be an object`],
    'a number for a text': [{ ...IAM, audience: 7 }, `${AT}[audience] must be a string`],
    nothing: [null, `${AT} must be an object`],
    'a life that is no number': [
      { ...GITHUB, maxLifetimeSeconds: '1d' },
      `${AT}[maxLifetimeSeconds] must be a number of seconds`,
    ],
    'a life of half a second': [
      { ...GITHUB, maxLifetimeSeconds: 60.5 },
      `${AT}[maxLifetimeSeconds] must be a whole number of seconds`,
    ],
    'a life of less than a minute': [
      { ...IAM, maxLifetimeSeconds: 59 },
      `${AT}[maxLifetimeSeconds] must be at least 60`,
    ],
    'a life of more than 31 days': [
      { ...IAM, maxLifetimeSeconds: 31 * 86_400 + 1 },
      `${AT}[maxLifetimeSeconds] must be at most 2678400 (31 days)`,
    ],
    'other audiences that are none': [
      { ...IAM, otherAudiences: [] },
      `${AT}[otherAudiences] is empty: leave it out`,
    ],
    'another audience that is empty': [
      { ...GITHUB, otherAudiences: [''] },
      `${AT}[otherAudiences][0] is empty`,
    ],
    'its own audience among the others': [
      { ...IAM, otherAudiences: [IAM.audience] },
      `${AT} otherAudiences must not hold the audience itself`,
    ],
    'other audiences of an issuer without one': [
      { ...IAM, audience: `none:${IAM.issuer}`, otherAudiences: ['account'] },
      `${AT} otherAudiences are for an issuer with an audience`,
    ],
    'a client without a name': [
      { ...IAM, client: { id: '', secret: 'file:/x' } },
      `${AT}[client][id] is empty`,
    ],
  };
  it.each(Object.entries(BAD))('says what is wrong with %s', (_, [entry, problem]) => {
    expect(problemsOf([entry])).toContain(problem);
  });

  it.each<[string, unknown, string]>([
    ['no entry', [], 'must name at least one issuer'],
    ['one key twice', [IAM, { ...GITHUB, key: 'acme' }], 'must not use an issuer key twice'],
    ['AWS twice', [AWS, AWS], 'must not use an issuer key twice'],
    ['one issuer as two', [IAM, { ...GITHUB, issuer: IAM.issuer }], 'must not name an issuer twice'],
    [
      'two that take API keys',
      [IBM, { ...IAM, tokenUrl: 'https://iam.acme.example/token' }],
      'may hold one tokenUrl: an API key does not say whose it is',
    ],
    ['no list', {}, 'must be a list'],
  ])('is refused as a whole with %s', (_, content, problem) => {
    expect(problemsOf(content)).toEqual([`PULLPASS_ISSUERS ${problem}`]);
  });

  it('may say how long tokens live, and whose audiences they may have beside ours', () => {
    const facts = { maxLifetimeSeconds: 604_800, otherAudiences: ['account'] };
    const issuers = read([
      { ...IAM, ...facts },
      { ...GITHUB, ...facts },
    ]);
    expect([issuers?.iam[0], issuers?.workloads[0]]).toMatchObject([facts, facts]);
  });

  it('tells the problems of all entries at once', () => {
    const problems = problemsOf([{ ...IAM, key: 'A' }, AWS, { ...GITHUB, platform: 'x', keysUrl: 'x' }]);
    expect(problems.map(problem => problem.split(' ')[1])).toEqual([
      '[0][key]',
      '[2][platform]',
      '[2][keysUrl]',
    ]);
  });

  it.each<[string, string]>([
    ['what is no JSON', '[{'],
    ['a member that is given twice', `[${JSON.stringify(IAM).replace('{', '{"audience":"x",')}]`],
  ])('is refused for %s', (_, text) => {
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^PULLPASS_ISSUERS names .+, which is not valid JSON: /),
    ]);
  });
});
