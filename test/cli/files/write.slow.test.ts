/** `credential --file` as a real process: the streams of the shell, full disks, and files with a mount of their own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMPTY, writeState } from '../../../cli/home.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { runBash } from '../support/bash.ts';
import { Shell } from '../support/shell.ts';
import { CREDENTIAL_TIMES, Stub } from '../support/stub.ts';

const PASSWORD = 'plc_k1.the-credential';
const SAID = { username: 'token', password: PASSWORD };
const AUTH = Buffer.from(`token:${PASSWORD}`).toString('base64');
const CONFIG = { auths: { 'registry.example:5000': { auth: AUTH } } };

let stub: Stub;
let shell: Shell;
beforeAll(async () => {
  const credential = { ...SAID, registry: 'registry.example:5000', access: 'pull', repositories: null };
  stub = await Stub.deployment({
    'POST /v1/credentials': ({ body }) => ({
      status: 201,
      json: JSON.parse(body).format === 'json' ? { ...credential, ...CREDENTIAL_TIMES } : CONFIG,
    }),
  });
  shell = await Shell.open();
  const login = { kind: 'oidc-token', token: new Secret('a.b.c') } as const;
  const services = [{ name: 'registry.example', registry: 'registry.example:5000' }];
  const target = { name: 'here', url: stub.url, services, issuer: null, login };
  await shell.home.update(state => ({ ...state, current: 'here', targets: [target] }));
});
afterAll(async () => {
  await shell.close();
  await stub.close();
});

const bash = (line: string) => runBash(line, shell, { write: '$pullpass credential --file' });
const file = (name: string) => readFile(join(shell.directory, name), 'utf8');

describe('a credential is written', () => {
  it('to /dev/stdout, with nothing else, when that is a pipe, a file or a file that is appended to', async () => {
    const { code, stdout, stderr } = await bash(
      [
        '$pullpass credential --file /dev/stdout | cat > pipe',
        '$pullpass credential --file /dev/stdout > file',
        '(echo before; $pullpass credential --file /dev/stdout; echo after) > middle',
        'ls -l /dev/stdout | cut -c1',
      ].join('\n'),
    );
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'l\n', stderr: '' });
    for (const name of ['pipe', 'file']) expect(JSON.parse(await file(name))).toMatchObject(SAID);
    expect(await file('middle')).toMatch(/^before\n\{[\s\S]*the-credential[\s\S]*\}\nafter\n$/);
  });

  it('to /dev/stderr, after what is there', async () => {
    const line = '(echo before >&2; $pullpass credential --file /dev/stderr) 2> errors';
    expect(await bash(line)).toMatchObject({ code: 0, stdout: 'Wrote /dev/stderr (json).\n' });
    expect(await file('errors')).toMatch(/^before\n\{[\s\S]*the-credential/);
  });

  it('to a process of the shell', async () => {
    const line = '$pullpass credential --file >(cat > substituted); sleep 0.2';
    expect(await bash(line)).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(await file('substituted'))).toMatchObject(SAID);
  });

  it('not at all to a pipe whose reader has gone: one line, and exit code 1', async () => {
    const { code, stderr } = await bash('$pullpass credential --file >(true)');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: \/dev\/fd\/\d+ cannot be written: its reader has closed it\.\n$/);
  });
});

describe('a command that a signal ends while it writes', () => {
  it.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)('leaves nothing over after %s', async signal => {
    const directory = join(shell.directory, signal);
    await mkdir(directory);
    const module = join(import.meta.dirname, '../../../cli/files/replace.ts');
    const script = `const { replace } = await import(${JSON.stringify(module)});
      const replacement = { existing: undefined, newMode: 0o600 };
      await replace(${JSON.stringify(join(directory, 'file'))}, Buffer.alloc(200e6), replacement);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
    const ended = once(child, 'exit');
    while ((await readdir(directory)).length === 0) await sleep(1);
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    expect(await readdir(directory)).toEqual([]);
  });
});

/** Mounts in a namespace of its own, which the system may refuse to users. */
const CAN_MOUNT = spawnSync('unshare', ['-mr', 'true']).status === 0;

describe('where the disk does not take it', () => {
  it('the file keeps its text, and nothing is left over', async () => {
    await writeFile(join(shell.directory, 'small'), 'old');
    const before = await readdir(shell.directory);
    const { code, stderr } = await bash('ulimit -f 0; $pullpass credential --file small');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: small cannot be written: the file would be larger than is allowed here.\n',
    });
    expect(await file('small')).toBe('old');
    expect(await readdir(shell.directory)).toEqual(before);
  });

  it('the same for one with several names, which is written in place', async () => {
    const before = JSON.stringify({ auths: { 'other.example': { auth: 'x'.repeat(900) } } });
    await writeFile(join(shell.directory, 'config.json'), before, { mode: 0o600 });
    const line = 'ulimit -f 1; $pullpass credential --format docker-config --file config.json';
    const { code, stderr } = await bash(`ln config.json second; ${line}`);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: config.json cannot be written: the file would be larger than is allowed here.\n',
    });
    expect(await file('second')).toBe(before);
    expect(await file('config.json')).toBe(before);
  });

  it.runIf(CAN_MOUNT)('the same for a full disk', async () => {
    const { code, stdout, stderr } = await bash(`unshare -mr bash --norc -c '
      mkdir -p disk; mount -t tmpfs -o size=8k none disk
      printf old > disk/file; dd if=/dev/zero of=disk/filler bs=4096 count=9 2>/dev/null
      $pullpass credential --file disk/file; echo $?
      $pullpass credential --file disk/new; echo $?
      ls -A disk; cat disk/file'`);
    const full = (name: string) => `error: disk/${name} cannot be written: no space is left on the device.\n`;
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '1\n1\nfile\nfiller\nold',
      stderr: full('file') + full('new'),
    });
  });
});

describe.runIf(CAN_MOUNT)('a file with a mount of its own', () => {
  it('is written in place, and stays the file that is mounted', async () => {
    const { code, stdout } = await bash(`unshare -mr bash --norc -c '
      printf old-and-longer-than-the-new-one > source; touch mounted; mount --bind source mounted
      $pullpass credential --file mounted > said; cmp source mounted; cat source; ls -A'`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.slice(0, stdout.indexOf('}') + 1))).toMatchObject(SAID);
    expect(stdout).not.toContain('.pullpass-');
  });

  it('is written in place also in a directory of a read-only file system', async () => {
    const { code, stdout, stderr } = await bash(`unshare -mr bash --norc -c '
      mkdir -p root; touch root/config source; chmod 600 source; mount --bind root root; mount --bind source root/config
      mount -o remount,ro,bind root
      $pullpass credential --format json --file root/config; cat source
      $pullpass credential --file root/other; echo $?'`);
    expect(code).toBe(0);
    expect(stdout).toContain(PASSWORD);
    expect(stderr).toBe('error: root/other cannot be written: the file system is read-only.\n');
  });

  it('may be the state itself', async () => {
    const { stdout, stderr } = await bash(`unshare -mr bash --norc -c '
      cp -a pullpass copy; export PULLPASS_HOME=$PWD/copy; mount --bind copy/state.json copy/state.json
      $pullpass logout; stat -c %a copy/state.json; ls -A copy | grep -v lock; grep -c a.b.c copy/state.json'`);
    expect({ stdout, stderr }).toEqual({ stdout: 'Logged out of here.\n600\nstate.json\n0\n', stderr: '' });
  });
});

it.runIf(CAN_MOUNT)('a login is renewed in a home on a full disk, and no lock stays behind', async () => {
  const login = {
    kind: 'iam',
    accessToken: new Secret('an-old-access-token'),
    expiresAt: 1,
    refreshToken: new Secret('a-refresh-token'),
  } as const;
  const issuer = {
    ...{ key: 'dev', issuer: 'https://iam.example', tokenEndpoint: `${stub.url}/token`, clientId: null },
  };
  const target = { name: 'here', url: stub.url, services: [], issuer, login };
  await mkdir(join(shell.directory, 'prepared'), { mode: 0o700 });
  const state = writeState({ ...EMPTY, current: 'here', targets: [target] });
  await writeFile(join(shell.directory, 'prepared', 'state.json'), state, { mode: 0o600 });
  stub.replies['GET /v1/tokens'] = () => ({ json: { tokens: [], nextCursor: null } });
  const { stdout, stderr } = await bash(`unshare -mr bash --norc -c '
    mkdir little; mount -t tmpfs -o size=16k none little; cp -a prepared little/home
    dd if=/dev/zero of=little/filler bs=4096 count=9 2>/dev/null
    PULLPASS_HOME=$PWD/little/home $pullpass tokens -q; echo $?; ls -A little/home'`);
  expect({ stdout, stderr }).toEqual({
    stdout: '0\nstate.json\n',
    stderr: expect.stringMatching(/^warning: The renewed login is used, but not stored\. .*no space is left/),
  });
});
