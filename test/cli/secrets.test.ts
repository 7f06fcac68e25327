/** Secrets are read alike from variables, options, files, standard input and the terminal; a bad one is named by its source. */

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serve } from '../../cli/helper/serve.ts';
import { secretInFile } from '../../cli/secret-source.ts';
import { formatRegistryToken } from '../../lib/domain/registry-token.ts';
import { shell, stub, useStub } from './support/setup.ts';
import type { Outcome } from './support/shell.ts';
import { TOKEN_ENDPOINT } from './support/stub.ts';

const KEY = 'An-API-key_with.all~kinds/of+characters=!"$%&{}`\\\'';
const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const TOKEN = formatRegistryToken('dev:acme', ID, new Uint8Array(32).fill(1)).reveal();

useStub();

const login = (args: string[], typed: object = {}) =>
  shell.pullpass(['login', '--url', stub.url, ...args], typed);

/** Each way to give a secret, what it is, and how messages name it. */
const SOURCES: Record<string, [give: (text: string) => Promise<Outcome>, what: string, name: () => string]> =
  {
    'an option': [text => login(['--apikey', text]), 'API key', () => '--apikey'],
    'a variable': [
      text => login([], { variables: { PULLPASS_APIKEY: text } }),
      'API key',
      () => 'PULLPASS_APIKEY',
    ],
    'another variable': [
      text => login([], { variables: { PULLPASS_OIDC_TOKEN: text } }),
      'OIDC token',
      () => 'PULLPASS_OIDC_TOKEN',
    ],
    'standard input': [text => login(['--apikey-stdin'], { input: text }), 'API key', () => 'Standard input'],
    'standard input, as an OIDC token': [
      text => login(['--oidc-token-stdin'], { input: text }),
      'OIDC token',
      () => 'Standard input',
    ],
    'a file': [
      async text => {
        await writeFile(tokenFile(), text);
        return login(['--oidc-token-file', tokenFile()]);
      },
      'OIDC token',
      () => tokenFile(),
    ],
  };
const tokenFile = () => join(shell.directory, 'a token');

/** The secrets that the deployment and its issuer got. */
const sent = () =>
  stub.requests.flatMap(({ line, headers, body }) => {
    if (line === TOKEN_ENDPOINT) return [new URLSearchParams(body).get('apikey')];
    const basic = /^Basic (.*)$/.exec(headers.authorization ?? '')?.[1];
    const text = Buffer.from(basic ?? '', 'base64').toString();
    return text.startsWith('oidc:') ? [text.slice('oidc:'.length)] : [];
  });

describe.each(Object.entries(SOURCES))('a secret from %s', (_, [give, what, name]) => {
  const WRAPPED: Record<string, string> = {
    'nothing around it': KEY,
    'a line end': `${KEY}\n`,
    'a line end of Windows': `${KEY}\r\n`,
    'a carriage return': `${KEY}\r`,
    'several line ends': `\n${KEY}\n\n`,
    'a byte order mark': `\ufeff${KEY}\r\n`,
    'blanks around it': `  \t${KEY} \t `,
    'a blank that does not break': `\u00a0${KEY}\u00a0`,
  };
  it.each(Object.entries(WRAPPED))('with %s is taken without it', async (_, text) => {
    expect(await give(text)).toMatchObject({ code: 0, stderr: '' });
    expect(sent()).toEqual([KEY]);
  });

  const BAD: Record<string, [text: string, message: string]> = {
    'is only a line end': ['\r\n', `holds no ${what}.`],
    'is only blanks': [' \t ', `holds no ${what}.`],
    'has a second line': [`${KEY}\n${KEY}`, 'nothing else: there is a line end behind'],
    'has a blank inside': ['a-key and more', 'nothing else: there is a blank behind its first 5 characters.'],
    'has a letter that is not ASCII': ['a-ké', 'there is a character that is not ASCII behind its first 3'],
    'has an invisible character': [`${KEY}\u200b`, 'there is a character that is not ASCII behind'],
    'has an escape sequence': ['a\u001b[2Jkey', 'there is a control character behind its first 1 characters'],
    'is too long': ['x'.repeat(16_385), `is longer than any ${what}.`],
    'is a registry token': [TOKEN, 'holds a registry token, and not an'],
  };
  it.each(Object.entries(BAD))('that %s is refused by its source and sent nowhere', async (_, bad) => {
    const [text, message] = bad;
    const { code, stdout, stderr } = await give(text);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.startsWith(`error: ${name()} `)).toBe(true);
    expect(stderr).not.toContain(text.trim() || 'plp_');
    expect(sent()).toEqual([]);
  });
});

describe('the bytes of a secret', () => {
  it.each([
    ['UTF-16 of Windows', Buffer.from(`\ufeff${KEY}`, 'utf16le'), 'is UTF-16 text; save it as UTF-8.'],
    ['UTF-16 in the other order', Buffer.from([0xfe, 0xff, 0, 0x61]), 'is UTF-16 text; save it as UTF-8.'],
    ['Latin-1', Buffer.from([0x61, 0xe9]), 'is not UTF-8 text, so it holds no OIDC token.'],
  ])('in %s are refused, from a file and from standard input', async (_, bytes, message) => {
    await writeFile(tokenFile(), bytes);
    const fromFile = await login(['--oidc-token-file', tokenFile()]);
    expect(fromFile).toMatchObject({ code: 2, stderr: `error: ${tokenFile()} ${message}\n` });
    const fromInput = await login(['--oidc-token-stdin'], { input: bytes });
    expect(fromInput).toMatchObject({ code: 2, stderr: `error: Standard input ${message}\n` });
  });
});

describe('a file with a secret', () => {
  it.each<[string, string, string]>([
    ['is not there', '/nowhere/token', 'there is no such file or directory'],
    ['is a directory', '/', 'it is a directory'],
  ])('that %s is named', async (_, path, reason) => {
    expect(await login(['--oidc-token-file', path])).toMatchObject({
      code: 2,
      stderr: `error: ${path} cannot be read for the OIDC token: ${reason}.\n`,
    });
  });
  it('that has no end is given up', async () => {
    await expect(secretInFile('/dev/zero', 'OIDC token')).rejects.toThrow('/dev/zero is longer than any');
  });
  it('may be a pipe', async () => {
    execFileSync('mkfifo', [tokenFile()]);
    const [secret] = await Promise.all([
      secretInFile(tokenFile(), 'OIDC token'),
      writeFile(tokenFile(), 'x\n'),
    ]);
    expect(secret.reveal()).toBe('x');
  });
});

describe('the credential helper', () => {
  it('stores the token in a password with a line end or blanks', async () => {
    await shell.says('target-add', 'here', stub.url);
    for (const text of [`${TOKEN}\n`, `${TOKEN}\r\n`, ` ${TOKEN} `, `\ufeff${TOKEN}`]) {
      const input = JSON.stringify({ ServerURL: 'registry.example:5000', Username: 'token', Secret: text });
      expect(await shell.runs(serve, ['store'], { input })).toMatchObject({ code: 0 });
      const [stored] = (await shell.home.read()).registryTokens;
      expect(stored?.token.reveal()).toBe(TOKEN);
    }
  });
});

describe('at a terminal', () => {
  const typed = (...lines: string[]) => ({ isTTY: true, input: lines.map(line => `${line}\n`).join('') });
  const asked = (outcome: Outcome) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: how a terminal is moved
    outcome.stderr.replaceAll(/\u001b\[\d*[A-Z]/g, '');

  it('login asks for the URL, the kind and the secret, which is not shown', async () => {
    const outcome = await shell.pullpass(['login'], typed(stub.url, '1', KEY));
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Logged in to /) });
    expect(outcome.stdout + outcome.stderr).not.toContain(KEY.slice(0, 8));
    expect(asked(outcome)).toMatch(
      /^URL of the deployment: [\s\S]*Log in with\n {2}1 {2}an API key[\s\S]*Number \[1\]: [\s\S]*API key \(it is not shown\): \n/,
    );
    expect(sent()).toEqual([KEY]);
  });

  it.each([
    ['2', TOKEN, 'token'],
    ['3', 'eyJ.eyJ.sig', 'oidc'],
    ['', KEY, 'iambearer'],
  ])('the answer %j says what the secret is', async (number, secret, userName) => {
    expect(await shell.pullpass(['login'], typed(stub.url, number, secret))).toMatchObject({ code: 0 });
    const last = stub.requests.at(-1)?.headers.authorization?.slice('Basic '.length) ?? '';
    expect(Buffer.from(last, 'base64').toString()).toMatch(new RegExp(`^${userName}:`));
  });

  it('what is known is not asked for', async () => {
    const withUrl = await login([], typed('1', KEY));
    expect({ code: withUrl.code, asked: asked(withUrl) }).toEqual({
      code: 0,
      asked: expect.not.stringContaining('URL of'),
    });
    const withKind = await shell.pullpass(['login', '--apikey-stdin'], typed(KEY));
    expect(asked(withKind)).toMatch(/^API key \(it is not shown\): \n(?!URL|Log in|Number)/);
    const variables = { PULLPASS_APIKEY: KEY };
    expect((await shell.pullpass(['login'], { isTTY: true, variables })).code).toBe(0);
    const named = await shell.pullpass(['login', '--target', new URL(stub.url).host], typed('1', KEY));
    expect(asked(named)).not.toContain('URL of');
  });

  it('the URL of the current target is the usual answer', async () => {
    await login(['--apikey', KEY]);
    const outcome = await shell.pullpass(['login'], typed('', '', KEY));
    expect({ code: outcome.code, asked: asked(outcome) }).toEqual({
      code: 0,
      asked: expect.stringContaining(`URL of the deployment [${stub.url}]: `),
    });
  });

  it('a mistake is asked for again, three times at most', async () => {
    const good = await shell.pullpass(['login'], typed('not a url', stub.url, '9', '1', KEY));
    expect({ code: good.code, asked: asked(good) }).toEqual({
      code: 0,
      asked: expect.stringContaining('Type a number from 1 to 4.'),
    });
    const bad = await shell.pullpass(['login'], typed('a', 'b', 'c', 'd'));
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('is not the URL of a deployment') });
  });

  it('the end of the input is a mistake, and nothing is sent', async () => {
    for (const lines of [[], [stub.url], [stub.url, '1']]) {
      expect(await shell.pullpass(['login'], typed(...lines))).toMatchObject({ code: 2, stdout: '' });
    }
    expect(stub.lines).toEqual([]);
  });

  it('Ctrl-C ends the command with 130 and without a message', async () => {
    for (const before of ['', `${stub.url}\n`, `${stub.url}\n1\n`]) {
      const outcome = await shell.pullpass(['login'], { isTTY: true, input: `${before}\u0003` });
      expect({ code: outcome.code, asked: asked(outcome) }).toEqual({
        code: 130,
        asked: expect.not.stringContaining('error'),
      });
    }
    expect(stub.lines).toEqual([]);
  });
});
