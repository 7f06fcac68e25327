/** The helper gives a credential again for a minute: to a burst of calls, and only where everything is as it was. */

import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../../cli/helper/serve.ts';
import { LIFE_HEADER } from '../../../lib/api/credential-formats.ts';
import { formatRegistryToken } from '../../../lib/domain/registry-token.ts';
import { toRfc3339 } from '../../../lib/domain/time.ts';
import { logIn, registry, shell, stub, useRegistry } from '../support/setup.ts';
import { QUICK, type Typed } from '../support/shell.ts';
import { newTokens, TOKEN_ENDPOINT } from '../support/stub.ts';

const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const tokenOf = (byte: number) => formatRegistryToken('dev:acme', ID, new Uint8Array(32).fill(byte)).reveal();
const VENDING = 'POST /v1/credentials';
const MINUTE = 60_000;

let realm: string | undefined;
/** How long the next credential lives, and how many there have been. */
let lifeMs: number;
let vended: number;
useRegistry({
  replies: () => ({
    [VENDING]: () => {
      vended += 1;
      const expiresAt = toRfc3339(Math.ceil((Date.now() + lifeMs) / 1000));
      const rest = { registry: registry.address, access: 'push', repositories: null };
      const json = { username: 'token', password: `plc_k1.${vended}`, ...rest };
      return { status: 201, json: { ...json, expiresAt, refreshAfter: expiresAt } };
    },
  }),
  realm: () => realm,
});
beforeEach(async () => {
  [realm, lifeMs, vended] = [undefined, 60 * MINUTE, 0];
  await logInByToken();
});

const logInByToken = (token = tokenOf(1)) =>
  shell.pullpass(['login', '--url', stub.url, '--token-stdin'], { input: token });
const get = (typed: Typed = {}) => shell.runs(serve, ['get'], { input: registry.address, ...typed });
const secretOf = async (typed?: Typed) => JSON.parse((await get(typed)).stdout).Secret;
const files = async () =>
  (await readdir(shell.home.directory)).filter(name => /^vended-.*\.json$/.test(name));
const later = (ms: number) => ({ clock: () => Date.now() + ms });

describe('a credential', () => {
  it('is given again for a minute, and not after it', async () => {
    expect(await secretOf()).toBe('plc_k1.1');
    expect(await secretOf(later(50_000))).toBe('plc_k1.1');
    expect(await secretOf(later(61_000))).toBe('plc_k1.2');
    expect(await secretOf(later(62_000))).toBe('plc_k1.2');
  });

  it('that lives for some minutes is given again for a twelfth of its life', async () => {
    lifeMs = 6 * MINUTE;
    expect(await secretOf()).toBe('plc_k1.1');
    expect(await secretOf(later(25_000))).toBe('plc_k1.1');
    expect(await secretOf(later(35_000))).toBe('plc_k1.2');
  });

  it('is not given again by a clock that was set back, or when it has ended', async () => {
    expect(await secretOf()).toBe('plc_k1.1');
    expect(await secretOf(later(-10_000))).toBe('plc_k1.2');
    lifeMs = -1;
    expect(await secretOf(later(2 * MINUTE))).toBe('plc_k1.3');
    expect(await secretOf(later(2 * MINUTE))).toBe('plc_k1.4');
  });

  it('is kept in one file for its owner alone, without the login', async () => {
    await secretOf();
    await secretOf(later(2 * MINUTE));
    const [name = '', ...others] = await files();
    expect(others).toEqual([]);
    const path = join(shell.home.directory, name);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).not.toContain('plp_');
  });

  it.each([
    ['cut off', '{"keys":'],
    ['empty', ''],
    ['of another kind', '{"keys":[],"password":"plc_k1.x"}'],
  ])('is vended again when the file is %s', async (_, text) => {
    await secretOf();
    const [name = ''] = await files();
    await writeFile(join(shell.home.directory, name), text);
    expect(await secretOf()).toBe('plc_k1.2');
  });

  it('is given only while the registry sends its clients to this deployment', async () => {
    await secretOf();
    realm = 'http://127.0.0.1:1';
    const { code, stdout } = await get();
    expect(code).toBe(1);
    expect(stdout).not.toContain('plc_');
  });

  it('that is shorter than asked for is said to be so each time', async () => {
    const usual = stub.replies[VENDING];
    stub.replies[VENDING] = async request => ({
      ...(await usual?.(request)),
      headers: { [LIFE_HEADER]: '600' },
    });
    const first = await get();
    expect(await get()).toEqual(first);
    expect(vended).toBe(1);
  });
});

describe('a credential is not given again', () => {
  const CHANGES: Record<string, () => Promise<unknown>> = {
    'after another login': () => logInByToken(tokenOf(2)),
    'after the same login': () => logInByToken(),
    'after a token was stored': () =>
      shell.runs(serve, ['store'], {
        input: JSON.stringify({ ServerURL: registry.address, Username: 'token', Secret: tokenOf(3) }),
      }),
    'to another login in the state': async () => {
      const path = join(shell.home.directory, 'state.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace(tokenOf(1), tokenOf(2)));
    },
  };
  it.each(Object.entries(CHANGES))('%s', async (_, change) => {
    expect(await secretOf()).toBe('plc_k1.1');
    await change();
    expect(await secretOf()).toBe('plc_k1.2');
  });

  it.each([['logout'], ['logout --all'], ['target-rm 127.0.0.1']])('and is forgotten by %s', async line => {
    await secretOf();
    const [verb = '', ...rest] = line.replace('127.0.0.1', new URL(stub.url).host).split(' ');
    await shell.says(verb, ...rest);
    expect(await files()).toEqual([]);
    expect((await get()).code).toBe(1);
  });
});

describe('helpers at once', () => {
  const COUNT = 30;
  const burst = async (timeouts = { ...QUICK, shareMs: 30_000 }) =>
    (await Promise.all(Array.from({ length: COUNT }, () => get({ timeouts })))).map(({ code, stdout }) => ({
      code,
      secret: JSON.parse(stdout).Secret,
    }));

  it('are all answered with one credential', async () => {
    expect(new Set((await burst()).map(outcome => JSON.stringify(outcome)))).toEqual(
      new Set(['{"code":0,"secret":"plc_k1.1"}']),
    );
    expect(vended).toBe(1);
  });

  it('are all answered with one credential and one renewal when the login has to be renewed', async () => {
    await logIn();
    await shell.home.update(state => ({
      ...state,
      targets: state.targets.map(target => ({
        ...target,
        login: target.login?.kind === 'iam' ? { ...target.login, expiresAt: 1 } : target.login,
      })),
    }));
    stub.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('second') });
    const before = stub.lines.filter(line => line === TOKEN_ENDPOINT).length;
    expect(new Set((await burst()).map(({ code }) => code))).toEqual(new Set([0]));
    expect(vended).toBe(1);
    expect(stub.lines.filter(line => line === TOKEN_ENDPOINT)).toHaveLength(before + 1);
  });

  it('vend for themselves when the first gets no answer', async () => {
    const usual = stub.replies[VENDING];
    let isFirst = true;
    stub.replies[VENDING] = request => {
      if (!isFirst) return usual?.(request);
      isFirst = false;
      return new Promise(() => undefined);
    };
    const timeouts = { ...QUICK, shareMs: 50, requestMs: 400 };
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => get({ timeouts })));
    expect(outcomes.filter(({ code }) => code === 0)).toHaveLength(4);
  });

  it('follow one that was killed', async () => {
    await secretOf();
    const [lock = ''] = (await readdir(shell.home.directory)).filter(name => name.startsWith('vending-'));
    await writeFile(join(shell.home.directory, lock), '');
    const timeouts = { ...QUICK, shareMs: 200 };
    expect(await secretOf({ ...later(2 * MINUTE), timeouts })).toBe('plc_k1.2');
    expect(await files()).toHaveLength(1);
  });
});
