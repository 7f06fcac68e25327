/** `probe`: what it prints, its exit codes, and what it needs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpResult } from '../../../lib/http/request.ts';
import type { Check } from '../../../lib/probe/checks.ts';
import { startGateway } from '../../../local/gateway.ts';
import { freePort } from '../../e2e/support/ports.ts';
import { ALICE, type Deployment, deploy, MALLORY } from '../../support/deployment.ts';
import { Shell } from '../support/shell.ts';

let deployment: Deployment;
let shell: Shell;
let url: string;
let close: () => Promise<void>;
/** Changes what the deployment answers; undefined: nothing. */
let alter: ((path: string, result: HttpResult) => HttpResult) | undefined;

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  deployment = await deploy({ environment: { PULLPASS_URL: url } });
  const gateway = await startGateway(
    async (event, context) => {
      const result = await deployment.invoke(event, context);
      return alter?.(event.rawPath, result) ?? result;
    },
    { host: '127.0.0.1', port },
  );
  close = () => gateway.close();
  shell = await Shell.open();
  await logIn(ALICE);
});
afterAll(async () => {
  await shell.close();
  await close();
  await deployment.close();
});

async function logIn(who: string): Promise<void> {
  const variables = { PULLPASS_APIKEY: await deployment.apiKeyOf(who) };
  const { code, stderr } = await shell.pullpass(['login', '--url', url], { variables });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
}

const CLI = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');

/** The checks in the table of docs/cli.md, with their kinds. */
function documented(): Map<string, string> {
  const rows = CLI.matchAll(/^\| (`[a-z-]+(?: <service>)?`(?:, `[a-z-]+`)*) \| (positive|negative) \|/gm);
  return new Map(
    [...rows].flatMap(([, names = '', kind = '']) =>
      [...names.matchAll(/`([a-z-]+)(?: <service>)?`/g)].map(([, name = '']) => [name, kind] as const),
    ),
  );
}

describe('a probe', () => {
  it('without a namespace says how to register one, and makes nothing', async () => {
    const { code, stderr } = await shell.pullpass(['probe']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'error: The account has no namespace to log in to.\nRegister one with: pullpass namespace-add NAME\n',
    });
  });

  it('of a deployment that is right prints a line for each check, and exits with 0', async () => {
    await shell.says('namespace-add', 'team-a');
    const { code, stdout, stderr } = await shell.pullpass(['probe']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ok {7}health: works\.\n/);
    expect(stdout).toContain('ok       push-with-pull-token: is refused.\n');
    expect(stdout).toContain('skipped  credential-at-other-service: The deployment has one service.\n');
    expect(stdout).not.toMatch(/^(?!ok|skipped|$)/m);
  });

  it('runs the checks that the guide lists, and no others', async () => {
    const { checks, ...rest } = await shell.json('probe', '--namespace', 'team-a');
    expect(rest).toEqual({ healthy: true, positive: 0, negative: 0 });
    const run = new Map(
      (checks as Check[]).map(({ name, kind }) => [name.replace(/ .*/, ''), kind] as const),
    );
    const ofAws = ['stale-assertion', 'assertion-for-other-deployment', 'assertion-used-twice'];
    expect(new Map([...documented()].filter(([name]) => !ofAws.includes(name)))).toEqual(run);
    for (const name of ofAws) expect(documented().get(name)).toBe('negative');
  });

  it('with --wait sees the credential refused once it has expired', async () => {
    const running = shell.pullpass(['probe', '--wait', '--output', 'json']);
    const passing = setInterval(() => deployment.wait(10), 50);
    const { code, stdout } = await running;
    clearInterval(passing);
    expect(code).toBe(0);
    const last = JSON.parse(stdout).checks.at(-1);
    expect(last).toEqual({ name: 'expired-credential', kind: 'negative', outcome: 'passed' });
  });

  it('of a deployment where something does not work exits with 1, and says what', async () => {
    alter = (path, result) => (path === '/v1/credentials' ? { statusCode: 503 } : result);
    const { code, stdout } = await shell.pullpass(['probe']);
    alter = undefined;
    expect(code).toBe(1);
    expect(stdout).toContain('PROBLEM  credential: POST /v1/credentials answered 503.\n');
  });

  it('of a deployment that lets through what it must refuse exits with 3', async () => {
    alter = (path, result) =>
      path === '/v1/tokens' && result.statusCode === 401 ? { statusCode: 200, body: '{}' } : result;
    const { code, stdout } = await shell.pullpass(['probe']);
    alter = undefined;
    expect(code).toBe(3);
    expect(stdout).toContain('BREACH   anonymous-management: GET /v1/tokens worked, and must be refused.\n');
  });

  it('by an identity without a role says so, and exits with 1', async () => {
    await logIn(MALLORY);
    const { code, stdout } = await shell.pullpass(['probe', '--namespace', 'team-a']);
    await logIn(ALICE);
    expect(code).toBe(1);
    expect(stdout).toContain('PROBLEM  administrator: dev:mallory is no administrator.\n');
  });

  it('with the login of a registry token is refused before anything is sent', async () => {
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    const typed = { input: `${token}\n` };
    expect((await shell.pullpass(['login', '--url', url, '--token-stdin'], typed)).code).toBe(0);
    const { code, stderr } = await shell.pullpass(['probe']);
    await logIn(ALICE);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: A probe needs the login of an administrator.*\nLog in with an API key/);
  });

  it('with a namespace that cannot be one is a mistake in the command line', async () => {
    const { code, stderr } = await shell.pullpass(['probe', '--namespace', 'Team']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: The namespace /);
  });
});
