/** The state file: private, whole, and right when many write it at once. */

import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { EMPTY, Home, readState, type State, withTarget, writeState } from '../../cli/home.ts';
import type { Target } from '../../cli/target.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { shell, useShell } from './support/setup.ts';

let directory: string;
let file: string;
useShell();
beforeEach(async () => {
  directory = join(shell.directory, 'pullpass');
  file = join(directory, 'state.json');
});

const target = (name: string): Target => ({
  name,
  url: `https://${name}.example`,
  services: [{ name: 'registry.example', registry: 'registry.example:5000' }],
  issuer: null,
  login: { kind: 'registry-token', token: new Secret(`token of ${name}`) },
});
const add = (name: string) => (state: State) => withTarget(state, target(name));
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('the state file', () => {
  it('and its directory have modes 600 and 700 under any umask', async () => {
    const before = process.umask(0);
    try {
      await shell.home.update(add('eu'));
    } finally {
      process.umask(before);
    }
    expect([await modeOf(directory), await modeOf(file)]).toEqual(['700', '600']);
  });

  const OPENINGS: Record<string, [() => string, number]> = {
    'that others may read': [() => file, 0o604],
    'that its group may write': [() => file, 0o620],
    'in a directory that others may look into': [() => directory, 0o755],
    'in a directory that its group may write': [() => directory, 0o770],
  };
  it.each(Object.entries(OPENINGS))('%s is neither read nor written', async (_, [path, mode]) => {
    await shell.home.update(add('eu'));
    const before = await readFile(file, 'utf8');
    await chmod(path(), mode);
    for (const args of [['target-list'], ['logout']]) {
      const { code, stderr } = await shell.pullpass(args);
      expect(code).toBe(1);
      expect(stderr).toContain(`${path()} is open to other users.\nClose it with: chmod`);
    }
    await expect(shell.home.update(add('us'))).rejects.toThrow('is open to other users');
    expect(await readFile(file, 'utf8')).toBe(before);
  });
  it.runIf(process.getuid?.() === 0)('of another user is neither read nor written', async () => {
    await shell.home.update(add('eu'));
    const { chown } = await import('node:fs/promises');
    await chown(file, 12_345, 12_345);
    await expect(shell.home.read()).rejects.toThrow('belongs to another user');
    await expect(shell.home.update(add('us'))).rejects.toThrow('belongs to another user');
  });
  it('that is a link to another place does not send the next state there', async () => {
    await mkdir(directory, { mode: 0o700 });
    const elsewhere = join(shell.directory, 'elsewhere');
    await writeFile(elsewhere, writeState(EMPTY), { mode: 0o600 });
    await symlink(elsewhere, file);
    await shell.home.update(add('eu'));
    expect(await readFile(elsewhere, 'utf8')).toBe(writeState(EMPTY));
  });

  const STRANGE: Record<string, string> = {
    'cut off': writeState(withTarget(EMPTY, target('eu'))).slice(0, -10),
    empty: '',
    'of another version': '{"version":2,"current":null,"targets":[],"registryTokens":[]}',
    'with a member that is not known': '{"version":1,"current":null,"targets":[],"registryTokens":[],"x":1}',
    'with a member twice': '{"version":1,"current":null,"current":"eu","targets":[],"registryTokens":[]}',
    'with two targets of one name': JSON.stringify({
      ...EMPTY,
      targets: [1, 2].map(() => ({ ...target('eu'), login: null })),
    }),
    'with a target that is not safe': JSON.stringify({
      ...EMPTY,
      targets: [{ ...target('eu'), login: null, url: 'http://eu.example' }],
    }),
  };
  it.each(Object.entries(STRANGE))('%s is refused as a whole, and left as it is', async (_, text) => {
    await mkdir(directory, { mode: 0o700 });
    await writeFile(file, text, { mode: 0o600 });
    const { code, stderr } = await shell.pullpass(['target-list']);
    expect(code).toBe(1);
    expect(stderr).toContain('is not a valid state file');
    await expect(shell.home.update(add('us'))).rejects.toThrow('is not a valid state file');
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('keeps every change of many that are made at once', async () => {
    const names = Array.from({ length: 24 }, (_, i) => `t${i}`);
    await Promise.all(names.map(name => new Home(directory).update(add(name))));
    const { targets } = await shell.home.read();
    expect(new Set(targets.map(({ name }) => name))).toEqual(new Set(names));
    expect(await readdir(directory)).toEqual([
      'state.json',
      expect.stringMatching(/^state\.json\.lock\.\d+$/),
    ]);
  });
  it('is taken over from a command that was killed while it wrote', async () => {
    await shell.home.update(add('eu'));
    await writeFile(`${file}.lock.1`, '');
    await shell.home.update(add('us'));
    expect((await shell.home.read()).targets).toHaveLength(2);
  });
  it('is not written when nothing changes', async () => {
    await shell.home.update(state => state);
    expect(await readdir(directory)).not.toContain('state.json');
  });
});

describe('a state', () => {
  it('comes back as it was, secrets included', () => {
    const targets: Target[] = [
      target('eu'),
      {
        ...target('us'),
        issuer: { key: 'dev', issuer: 'https://iam', tokenEndpoint: 'https://iam/token', clientId: null },
        login: { kind: 'iam', accessToken: new Secret('a'), expiresAt: 1, refreshToken: new Secret('r') },
      },
      { ...target('a'), login: { kind: 'oidc-file', path: '/run/token' } },
      { ...target('b'), login: { kind: 'oidc-token', token: new Secret('o') } },
      { ...target('c'), login: { kind: 'aws', region: 'eu-central-1' } },
    ];
    const kept = { registry: 'registry.example', target: 'eu', token: new Secret('k') };
    const state: State = { ...EMPTY, current: 'eu', targets, registryTokens: [kept] };
    const text = writeState(state);
    const again = readState(text);
    expect(again).toBeDefined();
    expect(writeState(again ?? EMPTY)).toBe(text);
    for (const secret of ['token of eu', '"a"', '"r"', '"o"', '"k"']) expect(text).toContain(secret);
  });
  it('shows no secret when it is printed by mistake', () => {
    const state = withTarget(EMPTY, target('eu'));
    expect(JSON.stringify(state) + inspect(state, { depth: 9 }) + String(state)).not.toContain('token of eu');
  });
});
