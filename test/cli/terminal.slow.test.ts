/** `login` at a real terminal: it asks, shows nothing of a secret, and gives the terminal back as it was. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { atTerminal } from './support/pty.ts';
import { shell, stub, useStub } from './support/setup.ts';
import { TOKEN_ENDPOINT } from './support/stub.ts';

const KEY = 'a-Secret-that-is-not-shown';
const ENTRY = join(import.meta.dirname, '../../cli/pullpass.ts');

useStub();

const type = (args: string[], steps: readonly (readonly [string, string])[]) =>
  atTerminal(
    [process.execPath, ENTRY, ...args],
    { PATH: process.env.PATH, PULLPASS_HOME: shell.home.directory, TERM: 'xterm' },
    steps,
  );
const keysSent = () =>
  stub.requests
    .filter(({ line }) => line === TOKEN_ENDPOINT)
    .map(({ body }) => new URLSearchParams(body).get('apikey'));

describe('login at a terminal', () => {
  it('asks for everything, and does not show the secret', async () => {
    const { shown, code, echo } = await type(
      ['login'],
      [
        ['URL of the deployment: ', `${stub.url}\r`],
        ['Number [1]: ', '\r'],
        ['API key (it is not shown): ', `${KEY}x\x7f\r`],
      ],
    );
    expect({ code, echo }).toEqual({ code: 0, echo: true });
    expect(shown).toContain(stub.url);
    expect(shown).toContain('Logged in to ');
    expect(shown).not.toContain('Secret');
    expect(keysSent()).toEqual([KEY]);
  });

  it('does not show a secret that is pasted with the answers before it', async () => {
    const pasted = `${stub.url}\r1\r${KEY}\r`;
    const { shown, code } = await type(['login'], [['URL of the deployment: ', pasted]]);
    expect(code).toBe(0);
    expect(shown).not.toContain('Secret');
    expect(keysSent()).toEqual([KEY]);
  });

  it('hides what is typed for --apikey-stdin', async () => {
    const args = ['login', '--url', stub.url, '--apikey-stdin'];
    const { shown, code, echo } = await type(args, [['(it is not shown): ', `${KEY}\r`]]);
    expect({ code, echo }).toEqual({ code: 0, echo: true });
    expect(shown).not.toContain('Secret');
    expect(keysSent()).toEqual([KEY]);
  });

  it.each([
    ['Ctrl-C', '\x03', 130],
    ['Ctrl-C behind a part of it', 'a-Secret\x03', 130],
    ['Ctrl-D', '\x04', 2],
  ])('ends with %s, and the terminal shows again what is typed', async (_, typed, expected) => {
    const args = ['login', '--url', stub.url, '--apikey-stdin'];
    const { shown, code, echo } = await type(args, [['(it is not shown): ', typed]]);
    expect({ code, echo }).toEqual({ code: expected, echo: true });
    expect(shown).not.toContain('Secret');
    expect(keysSent()).toEqual([]);
  });
});
