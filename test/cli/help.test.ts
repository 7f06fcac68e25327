/** The help of each verb, what is suggested for mistakes, and the errors that programs get. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Shell } from './support/shell.ts';
import { Stub } from './support/stub.ts';

let shell: Shell;
let stub: Stub;
beforeAll(async () => {
  shell = await Shell.open();
  stub = await Stub.deployment();
  await writeFile(join(shell.directory, 'token'), 'eyJ.eyJ.sig\n');
});
afterAll(async () => {
  await Promise.all([shell.close(), stub.close()]);
});

const NOUNS = ['token', 'namespace', 'policy', 'trust', 'target'];

/** The verbs that a help lists. */
async function verbsOf(...words: string[]): Promise<string[]> {
  const help = await shell.says(...words, '--help');
  const names = [...help.matchAll(/^ {2}([a-z][a-z-]+)[ |]/gm)].map(([, name = '']) => name);
  return names.filter(name => name !== 'help' && name !== 'pullpass');
}

/** The words of a line for a shell, as far as the command gets them. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ [<>|] /, 1);
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1);
}

describe('the help of every verb', () => {
  it('has examples that the command takes, and a section of the documentation that exists', async () => {
    const document = await readFile(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    const anchors = [...document.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading.toLowerCase().replaceAll(' ', '-'),
    );
    const flat = (await verbsOf()).map(verb => [verb]);
    const nested = await Promise.all(
      NOUNS.map(async noun => (await verbsOf(noun)).map(verb => [noun, verb])),
    );
    const verbs = [...flat, ...NOUNS.map(noun => [noun]), ...nested.flat()];
    expect(verbs.length).toBeGreaterThan(40);
    for (const verb of [[], ...verbs]) {
      const help = await shell.says(...verb, '--help');
      const examples =
        help
          .split(/^Examples?:\n/m)[1]
          ?.split('\n\n')[0]
          ?.split('\n') ?? [];
      expect(examples.length, verb.join(' ')).toBeGreaterThan(0);
      for (const example of examples) {
        expect(example).toMatch(/^ {2}pullpass /);
        // A target that does not exist: what is well-formed fails, but not as a mistake in the command line.
        const typed = { input: 'eyJ.eyJ.sig', isTTY: false, variables: { PULLPASS_TARGET: 'nowhere' } };
        const { code, stderr } = await shell.pullpass(forced(wordsOf(example)), typed);
        expect(stderr, example).not.toMatch(/^error: (?:unknown|option|too many|missing)/);
        expect(code, `${example}: ${stderr}`).toBeLessThan(2);
      }
      const [, anchor = ''] = /^Documentation: docs\/cli\.md#(\S+)$/m.exec(help) ?? [];
      expect(anchors, verb.join(' ')).toContain(anchor);
    }
  });
});

/** A removal asks at a terminal, which there is none of here; a login would ask a server for its metadata. */
function forced(words: string[]): string[] {
  if (words[0]?.endsWith('-rm') && words[0] !== 'target-rm') return [...words, '--force'];
  const offline = [
    'https://pullpass.example.com',
    'https://eu.pullpass.example.com',
    '/var/run/secrets/token',
  ];
  const replacements = ['http://127.0.0.1:1', 'http://127.0.0.1:1', join(shell.directory, 'token')];
  return words.map(word => replacements[offline.indexOf(word)] ?? word);
}

describe('help', () => {
  it('shows the help of a verb in either spelling', async () => {
    expect(await shell.says('help', 'token', 'add')).toBe(await shell.says('token', 'add', '--help'));
    expect(await shell.says('help', 'token-add')).toBe(await shell.says('token-add', '--help'));
    expect(await shell.says('help', 'token')).toBe(await shell.says('token', '--help'));
    expect(await shell.says('help', 'token-get', 'x')).toBe(await shell.says('token-get', '--help'));
  });
  it('refuses a verb that there is none of, with a suggestion', async () => {
    for (const words of [['tokn-add'], ['token', 'ad']]) {
      const { code, stderr } = await shell.pullpass(['help', ...words]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: unknown command .*\n\(Did you mean .*add\?\)\n$/);
    }
  });
});

describe('did you mean', () => {
  const VERBS: Record<string, string> = {
    'token-ad': 'token-add',
    'delete-token': 'token-rm',
    'token-delete': 'token-rm',
    'token delete': 'rm',
    'token remove': 'rm',
    'token create': 'add',
    'token ls': 'list',
    'token value': 'get',
    'create token': 'token-add',
    'list tokens': 'token-list',
    'tokens-rm': 'token-rm',
    namespaces: 'namespace-list',
    'ns-add': 'namespace-add',
    'Token-Add': 'token-add',
    token_list: 'token-list',
    'docker-login': 'registry-login',
    signin: 'login',
    whoam: 'whoami',
    'target-select': 'target-use',
  };
  it.each(Object.entries(VERBS))('%s: %s', async (typed, meant) => {
    const { code, stderr } = await shell.pullpass(typed.split(' '));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: unknown command .*\n\(Did you mean .*\?\)\n$/);
    expect(stderr).toContain(`(Did you mean ${meant}?)`);
  });
  const OPTIONS: Record<string, string> = {
    'token-add --redwrite': '--readwrite',
    'token-add --repo=team-a/app': '--repository',
    'token-add --desc x': '--description',
    'token-add --push': '--readwrite',
    'token-add --ttl 1h': '--expires-in',
    'token-add --json': '--output',
    'token-rm --yes x': '--force',
    'registry-login --ro': '--readonly',
    'token add --non-expirin': '--non-expiring',
  };
  it.each(Object.entries(OPTIONS))('%s: %s', async (typed, meant) => {
    const { code, stderr } = await shell.pullpass(typed.split(' '));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: unknown option .*\n\(Did you mean .*\?\)\n$/);
    expect(stderr).toContain(`(Did you mean ${meant}?)`);
  });
  it('names the help where nothing is near', async () => {
    expect((await shell.pullpass(['nonsense'])).stderr).toBe(
      'error: unknown command \'nonsense\'\n"pullpass --help" lists the commands.\n',
    );
  });
  it('repeats no surplus argument, which may be a secret', async () => {
    const { stderr } = await shell.pullpass(['token-add', 'plp_secret: x']);
    expect(stderr).toBe("error: too many arguments for 'token-add'. Expected 0 arguments but got 1.\n");
  });
});

describe('an error as JSON', () => {
  const CASES: [what: string, args: string[], exit: number, code: string][] = [
    ['an unknown verb', ['token-ad'], 2, 'usage'],
    ['an unknown option', ['token-add', '--redwrite'], 2, 'usage'],
    ['no verb', [], 2, 'usage'],
    ['no verb of a noun', ['token'], 2, 'usage'],
    ['a wrong value', ['token-add', '--expires-in', '30'], 2, 'usage'],
    ['a missing argument', ['token-get'], 2, 'usage'],
    ['no terminal', ['namespace-rm', 'team-a'], 2, 'usage'],
    ['no target', ['whoami'], 1, 'no-target'],
    ['an unknown target', ['whoami', '--target', 'nowhere'], 1, 'no-target'],
    ['a deployment that does not answer', ['target-add', 'x', 'http://127.0.0.1:1'], 1, 'unreachable'],
  ];
  it.for(CASES)('has a code: %s', async ([, args, exit, code]) => {
    for (const spelling of [
      [...args, '--output', 'json'],
      ['--output=json', ...args],
    ]) {
      const outcome = await shell.pullpass(spelling);
      expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: exit, stdout: '' });
      expect(JSON.parse(outcome.stderr).error).toMatchObject({ code, message: expect.stringMatching(/./) });
    }
  });
  it('has the code and the request id of the deployment', async () => {
    await shell.pullpass(['login', '--url', stub.url, '--apikey', 'a-key', '--target', 'here']);
    stub.replies['DELETE /v1/namespaces/team-a'] = () => ({
      status: 404,
      json: { code: 'not-found', detail: 'None.', requestId: 'r-1' },
    });
    const args = ['namespace-rm', '-f', 'team-a', '--target', 'here', '--output', 'json'];
    const { code, stdout, stderr } = await shell.pullpass(args);
    expect({ code, answer: JSON.parse(stdout) }).toEqual({
      code: 1,
      answer: [{ name: 'team-a', removed: false }],
    });
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'not-found', requestId: 'r-1', status: 404 });
    await shell.says('logout', '--target', 'here');
    const logout = await shell.pullpass(['tokens', '--target', 'here', '--output', 'json']);
    expect(JSON.parse(logout.stderr).error).toMatchObject({ code: 'not-logged-in' });
  });
});
