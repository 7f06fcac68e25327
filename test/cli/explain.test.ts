/** `pullpass explain` and `pullpass trust-test` against a whole deployment, for people and for programs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { openGitHub, type TestIssuer } from '../support/platforms.ts';
import { alice, served, useAlice, useServed } from './support/served.ts';

const SCOPE = ['--scope', 'repository:team-a/app:pull'];
const IDS = { repository_id: '74', repository_owner_id: '65' };

let github: TestIssuer;
useServed(async () => {
  github = await openGitHub();
  return { issuers: [github.entry] };
});
useAlice();
afterAll(() => github.server.close());

let id: string;
let trust: string;
beforeAll(async () => {
  await alice.says('namespace-add', 'team-a');
  ({ id } = (await alice.json('token-add')) as { id: string });
  const claims = ['--claim', 'repository_id=74', '--claim', 'repository_owner_id=65'];
  ({ id: trust } = (await alice.json('trust-add', '--issuer', 'github', ...claims)) as { id: string });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(alice.directory, name);
  await writeFile(path, text);
  return path;
}

const claimsWith = (overrides: object = {}) =>
  github.claims({ aud: `${served.url}/accounts/${accountHandle('dev:acme')}`, ...IDS, ...overrides });

describe('explain', () => {
  it('prints the decision, the grant and each check', async () => {
    expect(
      await alice.says('explain', '--token', id, ...SCOPE, '--scope', 'repository:team-b/app:pull'),
    ).toBe(
      [
        'Decision   partly-granted',
        'Granted    team-a/app:pull',
        '',
        'passed   token: The token is enabled and expires at 2026-11-22T07:00:00Z.',
        'passed   namespace: The account holds the namespace team-a.',
        'passed   pattern: team-a/app is within every repository of the account.',
        'passed   action: Every action that was asked for is allowed in team-a/app: pull.',
        'failed   namespace: The account does not hold the namespace team-b.',
        '',
      ].join('\n'),
    );
  });

  it('prints the answer of the deployment for programs', async () => {
    expect(await alice.json('explain', '--subject', 'mallory', ...SCOPE)).toMatchObject({
      decision: 'nothing-granted',
      granted: [],
      steps: [
        { check: 'policy', result: 'failed' },
        { check: 'scope', result: 'failed' },
      ],
    });
  });

  it('takes claims, an address and a time', async () => {
    const path = await file('claims.json', JSON.stringify(claimsWith()));
    const args = ['--claims-file', path, ...SCOPE, '--address', '192.0.2.1', '--at', '2026-11-21T07:05:00Z'];
    expect(await alice.json('explain', ...args)).toMatchObject({ decision: 'granted' });
  });

  it.each([
    [[], 'Give one of --token, --subject, --claims-file and --request.'],
    [['--request', 'r', '--address', '192.0.2.1'], '--request goes alone'],
    [['--token', '01a1fd51-c23e-7c1e-8dcf-87c09e970095', '--subject', 'x'], 'Give one of'],
    [['--token', 'plp_x'], 'An identifier must be a UUID'],
    [['--subject', 'x', '--at', 'noon'], 'A time must be so long ago'],
  ])('refuses %j as a mistake in the command line', async (args, message) => {
    const { code, stderr } = await alice.pullpass(['explain', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('explains a refused login by the request id that its client printed', async () => {
    const { id: other, token } = (await alice.json('token-add')) as { id: string; token: string };
    await alice.says('token-update', other, '--disable');
    const { json, headers } = await served.deployment.logIn(token, 'repository:team-a/app:pull');
    const requestId = headers['x-request-id'] ?? '';
    expect(json.details).toBe(`The user name or the secret is not valid. Request id: ${requestId}`);
    expect(await alice.says('explain', '--request', requestId)).toContain(
      'failed   token: The token was disabled at 2026-11-21T07:00:00Z by dev:alice.',
    );
    const { code, stderr } = await alice.pullpass(['explain', '--request', 'never']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('No refused login of this account')]);
  });

  it.each([
    ['no JSON', 'planted', 'holds no claims: they must be a JSON object'],
    ['a list', '["planted"]', 'holds no claims'],
    ['a token', 'planted.planted.planted', 'holds a token, not claims as JSON'],
  ])('refuses a file with %s, and repeats nothing of it', async (_, text, message) => {
    const path = await file('wrong.json', text);
    const { code, stderr } = await alice.pullpass(['explain', '--claims-file', path]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stderr).not.toContain('planted');
  });

  it('says that there is no such file', async () => {
    const { code, stderr } = await alice.pullpass(['explain', '--claims-file', '/none']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('/none cannot be read')]);
  });
});

describe('trust-test', () => {
  it('says which trust matches, and exits with 0', async () => {
    const path = await file('token.jwt', `${github.token(claimsWith())}\n`);
    const { code, stdout } = await alice.pullpass(['trust-test', '--jwt-file', path, ...SCOPE]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(`passed   trust: The trust ${trust} matches.`),
    ]);
    expect(stdout).toContain('Granted    team-a/app:pull');
  });

  it('says which claim differs, with both values, and exits with 1', async () => {
    const path = await file('token.jwt', github.token(claimsWith({ repository_id: '75' })));
    const { code, stdout } = await alice.pullpass(['trust', 'test', '--jwt-file', path]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('its repository_id is "74", and the workload has "75"'),
    ]);
  });

  it('exits with 1 for a token that has ended, although a trust matches', async () => {
    const ended = { iat: 1_795_000_000, nbf: 1_795_000_000, exp: 1_795_000_300 };
    const path = await file('token.jwt', github.token(claimsWith(ended)));
    const { code, stdout } = await alice.pullpass(['trust-test', '--jwt-file', path]);
    expect([code, stdout]).toEqual([1, expect.stringContaining('the token has expired')]);
  });

  it('sends neither the token nor its signature', async () => {
    const token = github.token(claimsWith());
    const sent: string[] = [];
    served.deployment.wire.cut = ({ body }) => !sent.push(body);
    const before = served.deployment.logs.length;
    await alice.pullpass(['trust-test', '--jwt-file', await file('token.jwt', token)]);
    served.deployment.wire.cut = () => false;
    const seen = [...sent, ...served.deployment.logs.slice(before)].join('\n');
    expect(seen).not.toContain(token.split('.')[2]);
  });

  it('refuses a file without a JWT', async () => {
    const path = await file('token.jwt', 'planted');
    const { code, stderr } = await alice.pullpass(['trust-test', '--jwt-file', path]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('holds no JWT')]);
    expect(stderr).not.toContain('planted');
  });
});
