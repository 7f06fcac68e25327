/** What the command says, where, and in which form; and what it does when answers are lost. */

import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { seconds } from '../../cli/arguments.ts';
import { CliError } from '../../cli/errors.ts';
import { TIMEOUTS, VERSION } from '../../cli/io.ts';
import { Output } from '../../cli/output.ts';
import { Printer } from '../../cli/printer.ts';
import { tableOf } from '../../cli/text.ts';
import project from '../../package.json' with { type: 'json' };
import { logIn, shell, stub, useStub } from './support/setup.ts';
import type { StubAnswer } from './support/stub.ts';

useStub();
beforeEach(() => logIn());

const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const VALUE = `plp_${'x'.repeat(87)}`;
const TOKEN = {
  id: ID,
  description: '',
  access: 'pull',
  repositories: null,
  expiresAt: null,
  lastUsedAt: null,
  disabled: false,
  createdAt: '2026-11-21T07:00:00Z',
  createdBy: 'dev:alice',
  retrievable: true,
  limits: null,
  token: VALUE,
};

describe('an error', () => {
  const PROBLEM = { detail: 'There is no such token.', code: 'not-found', requestId: 'r-1' };
  it('prints the message and the request id', async () => {
    stub.replies[`GET /v1/tokens/${ID}/value`] = () => ({ status: 404, json: PROBLEM });
    expect(await shell.pullpass(['token-get', ID])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: There is no such token.\nRequest id: r-1\n',
    });
  });
  it('prints the same as JSON', async () => {
    stub.replies[`GET /v1/tokens/${ID}/value`] = () => ({ status: 404, json: PROBLEM });
    const { code, stdout, stderr } = await shell.pullpass(['token-get', ID, '--output', 'json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({
      error: { message: PROBLEM.detail, code: 'not-found', status: 404, requestId: 'r-1' },
    });
  });

  const ANSWERS: Record<string, [StubAnswer, RegExp]> = {
    'of a proxy, which is no JSON': [
      { status: 502, text: '<html>', headers: { 'x-request-id': 'r-2' } },
      /^error: http:\S+ answered with status 502.\nRequest id: r-2\n$/,
    ],
    'without a body': [{ status: 500, text: '' }, /^error: http:\S+ answered with status 500.\n$/],
    'of a login that is refused': [
      { status: 401, json: { detail: 'No.' } },
      /^error: No.\nLog in again with: pullpass login --url http:\S+\n$/,
    ],
    'that goes on': [{ status: 503, json: { detail: 'Busy.' } }, /^error: Busy.\nTry again shortly;/],
    'with what a terminal would obey': [
      { status: 404, json: { detail: 'a\u001b[2Jb', requestId: 'r\u009b3' } },
      /^error: a\\u001b\[2Jb\nRequest id: r\\u009b3\n$/,
    ],
    'that is not one': [{ status: 404, json: { detail: ['x'] } }, /answered with status 404/],
  };
  it.each(Object.entries(ANSWERS))('%s is printed as one plain message', async (_, [answer, text]) => {
    stub.replies['GET /v1/tokens'] = () => answer;
    const { code, stdout, stderr } = await shell.pullpass(['tokens']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(text);
  });
  it('about a member of the request names the option instead', async () => {
    const errors = [{ path: 'expiresInSeconds', message: 'must be at least 60' }];
    stub.replies['POST /v1/tokens'] = () => ({ status: 400, json: { code: 'invalid-request', errors } });
    expect((await shell.pullpass(['token-add', '--expires-in', '1s'])).stderr).toBe(
      'error: The deployment refused the request:\n  --expires-in must be at least 1m\n',
    );
  });
  it.for([
    [{ path: 'graceSeconds', message: 'must be at most 604800' }, '--grace must be at most 7d'],
    [{ path: 'lifetimeSeconds', message: 'must be at most 3600' }, '--lifetime must be at most 1h'],
    [{ path: 'expiresInSeconds', message: 'must be at most 90' }, '--expires-in must be at most 90s'],
    [
      { path: 'repositories', message: 'must hold at most 32 patterns' },
      '--repository must hold at most 32 patterns',
    ],
    [{ path: 'repositories[3]', message: 'must be a name' }, '--repository must be a name'],
    [{ path: '', message: 'claims must name project_id' }, '--claim must name project_id'],
    [
      { path: '', message: 'must have nonExpiring or expiresInSeconds, not both' },
      'must have --non-expiring or --expires-in, not both',
    ],
    [{ path: 'subject', message: 'must be *' }, '--subject must be *'],
    [
      { path: '', message: 'an administrator is one of the account' },
      'an administrator is one of the account',
    ],
  ] as const)('names options and durations instead of members and seconds: %j', async ([error, text]) => {
    stub.replies['POST /v1/tokens'] = () => ({
      status: 400,
      json: { code: 'invalid-request', errors: [error] },
    });
    const { stderr } = await shell.pullpass(['token-add']);
    expect(stderr).toBe(`error: The deployment refused the request:\n  ${text}\n`);
  });
  it('names options in a sentence, too', async () => {
    const detail = 'Set `nonExpiring: true` or expiresInSeconds; `force: true` ends it.';
    stub.replies['POST /v1/tokens'] = () => ({ status: 409, json: { code: 'x', detail } });
    expect((await shell.pullpass(['token-add'])).stderr).toBe(
      'error: Set --non-expiring or --expires-in; --force ends it.\n',
    );
  });
  it.for([
    ['wider-than-parent', 'The parent may pull from team-a/app.', 'Your login may pull from team-a/app.'],
    ['not-an-administrator-credential', 'Registry tokens …', 'A registry token only logs in to registries'],
    ['idempotency-replayed', 'A request with this Idempotency-Key …', 'its value cannot be shown any more'],
    [
      'unauthenticated',
      'The user name oidc is for logins; manage with iamapikey, iambearer, iamrefresh or awsiam.',
      'is for logins; to manage, log in with an API key or AWS.',
    ],
  ] as const)('of the code %s is in the words of the command line', async ([code, detail, text]) => {
    stub.replies['GET /v1/tokens'] = () => ({ status: 403, json: { code, detail } });
    const { stderr } = await shell.pullpass(['tokens']);
    expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/parent|Idempotency-Key|iamapikey/);
  });
  it('about a rotation that is not over names the option, not the member `force`', async () => {
    const json = { code: 'rotation-in-progress', detail: 'It still runs; `force: true` ends it.' };
    stub.replies[`POST /v1/tokens/${ID}/rotate`] = () => ({ status: 409, json });
    expect((await shell.pullpass(['token-rotate', ID])).stderr).toBe(
      'error: The last rotation is not over: the old value of this token still works.\nUse --force to end the old value now.\n',
    );
  });
  it('in the middle of a list follows what was listed, and fails', async () => {
    const pages = [
      { json: { tokens: [TOKEN], nextCursor: 'next' } },
      { status: 503, json: { detail: 'Busy.' } },
    ];
    stub.replies['GET /v1/tokens'] = () => pages.shift();
    const { code, stdout, stderr } = await shell.pullpass(['tokens', '-q']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: `${ID}\n` });
    expect(stderr).toContain('Busy.');
  });
  it('is red on a terminal, unless colours are unwanted', async () => {
    const typed = { isTTY: true };
    expect((await shell.pullpass(['token-get', ID], typed)).stderr).toContain('\u001b[31merror:\u001b[39m');
    const plain = { isTTY: true, variables: { NO_COLOR: '1' } };
    expect((await shell.pullpass(['token-get', ID], plain)).stderr).not.toContain('\u001b');
    expect((await shell.pullpass(['token-get', ID])).stderr).not.toContain('\u001b');
  });
});

it('a mistake in a repository says to leave out the option', async () => {
  const { code, stderr } = await shell.pullpass(['token-add', '--repository', '*']);
  expect(code).toBe(2);
  expect(stderr).toContain('leave out --repository');
  expect(stderr).not.toContain('null');
});

describe('a request that makes a value', () => {
  const VERBS: Record<string, [string[], string]> = {
    'token-add': [['token-add', '-q'], 'POST /v1/tokens'],
    'token-rotate': [['token-rotate', ID, '-q'], `POST /v1/tokens/${ID}/rotate`],
  };
  const sentTo = (line: string) => stub.requests.filter(request => request.line === line);

  it.each(Object.entries(VERBS))(
    '(%s) is repeated once when its answer is lost, as the same',
    async (_, verb) => {
      const [args, line] = verb;
      const answers = [undefined, { status: 201, json: TOKEN }];
      stub.replies[line] = () => answers.shift();
      expect(await shell.pullpass(args)).toEqual({ code: 0, stdout: `${VALUE}\n`, stderr: '' });
      const [first, second] = sentTo(line);
      expect(first?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
      expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
      expect(second?.body).toBe(first?.body);
    },
  );
  it.each(Object.entries(VERBS))('(%s) is not repeated a second time', async (_, [args, line]) => {
    stub.replies[line] = () => undefined;
    const { code, stderr } = await shell.pullpass(args);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be reached');
    expect(sentTo(line)).toHaveLength(2);
  });
  it.each(Object.entries(VERBS))('(%s) is not repeated when it was refused', async (_, [args, line]) => {
    stub.replies[line] = () => ({ status: 503, json: { detail: 'Busy.' } });
    expect((await shell.pullpass(args)).code).toBe(1);
    expect(sentTo(line)).toHaveLength(1);
  });
  it('is another one the next time', async () => {
    stub.replies['POST /v1/tokens'] = () => ({ status: 201, json: TOKEN });
    for (let i = 0; i < 2; i += 1) await shell.says('token-add');
    const keys = sentTo('POST /v1/tokens').map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
  });
  it('whose value is not shown a second time names the token', async () => {
    const replayed = { detail: 'Carried out.', code: 'idempotency-replayed', id: ID };
    stub.replies['POST /v1/tokens'] = () => ({ status: 409, json: replayed });
    expect((await shell.pullpass(['token-add'])).stderr).toContain(`The token is ${ID}`);
  });
});

describe('waiting for a response', () => {
  const slow = () => new Promise(resolve => setTimeout(resolve, 60));
  it('shows a notice on a terminal, and clears it', async () => {
    stub.replies['GET /v1/namespaces'] = async () => {
      await slow();
      return { json: { namespaces: [] } };
    };
    const { stdout, stderr } = await shell.pullpass(['namespace-list'], { isTTY: true });
    expect({ stdout, stderr }).toEqual({
      stdout: 'NAMESPACE\n',
      stderr: `Waiting for ${stub.url} …\r\u001b[K`,
    });
    expect((await shell.pullpass(['namespace-list'])).stderr).toBe('');
  });
  it('shows no notice when the response is quick', async () => {
    stub.replies['GET /v1/namespaces'] = () => ({ json: { namespaces: [] } });
    expect((await shell.pullpass(['namespace-list'], { isTTY: true })).stderr).toBe('');
  });
});

const ioTo = (sink: Writable) => ({
  stdout: new Printer(sink),
  stderr: new Printer(sink),
  timeouts: TIMEOUTS,
});

describe('a list', () => {
  it('waits for a slow reader instead of filling the memory', async () => {
    let taken = 0;
    const stdout = new Writable({ highWaterMark: 16, write: (_, __, done) => void setTimeout(done, 1) });
    const output = new Output(ioTo(stdout), 'json');
    async function* endless() {
      for (; taken < 200; taken += 1) {
        expect(stdout.writableLength).toBeLessThan(200);
        yield { text: 'x'.repeat(100) };
      }
    }
    await output.jsonList(endless());
    expect(taken).toBe(200);
  });
});

describe('tables', () => {
  it('escape control characters, so that text stays in its cell', () => {
    const rows = [
      ['a\nb', '\u001b[31m'],
      ['c', 'd'],
    ];
    expect(tableOf(['ONE', 'TWO'], rows)).toEqual([
      'ONE        TWO',
      'a\\u000ab   \\u001b[31m',
      'c          d',
    ]);
  });
});

describe('durations', () => {
  it.each(Object.entries({ '90s': 90, '15m': 900, '12h': 43_200, '30d': 2_592_000, '0s': 0 }))(
    '%s',
    (text, value) => expect(seconds(text)).toBe(value),
  );
  it.each(['', '30', 'd', '1w', '-1d', '1.5h', '1h30m', ' 1h', '1e3s', '1H', '12345678901s'])(
    '%j is none',
    text => {
      expect(() => seconds(text)).toThrow('A duration must be');
    },
  );
});

it('an error is printed with its problems, advice and request id', () => {
  const failure = new CliError('a', { next: 'b', status: 1, code: 'c', requestId: 'd', problems: ['e'] });
  const said: string[] = [];
  const stderr = new Writable({
    write: (chunk, _, done) => done(void said.push(String(chunk)) as undefined),
  });
  new Output(ioTo(stderr), 'human').failure(failure);
  expect(said.join('')).toBe('error: a\n  e\nb\nRequest id: d\n');
});

describe('the version', () => {
  it('is the one of the package', () => expect(VERSION).toBe(project.version));
  it('is shown', async () => expect(await shell.says('--version')).toBe(`${VERSION}\n`));
});

describe('the help', () => {
  it('is shown when asked for, on the standard output', async () => {
    for (const args of [
      ['--help'],
      ['help'],
      ['help', 'token-add'],
      ['token', '--help'],
      ['token', 'add', '-h'],
    ]) {
      const { code, stdout, stderr } = await shell.pullpass(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: pullpass/);
    }
  });
  it('names the options of every verb', async () => {
    expect(await shell.says('token-add', '--help')).toMatch(
      /--expires-in <duration>[\s\S]*--target <target>/,
    );
  });
});
