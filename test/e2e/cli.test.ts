/** The command line, packed and installed, against `npm start`. */
import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import project from '../../package.json' with { type: 'json' };
import { Stub } from '../cli/support/stub.ts';
import { type InstalledCli, installCli, packCli } from './support/cli-package.ts';
import { run } from './support/processes.ts';
import { Pullpass } from './support/pullpass.ts';

let cli: InstalledCli;
let broker: Pullpass;
beforeAll(async () => {
  cli = await installCli();
  broker = await (await Pullpass.create()).start();
});
afterAll(async () => {
  await broker.destroy();
  await cli.remove();
});

async function says(...args: string[]): Promise<string> {
  const { code, output } = await cli.pullpass(args);
  if (code !== 0) throw new Error(`pullpass ${args.join(' ')}: ${code} ${output}`);
  return output;
}

describe('the package', () => {
  it('contains three commands and has no dependencies', async () => {
    const { code, output } = await cli.pullpass(['--version']);
    expect({ code, output }).toEqual({ code: 0, output: `${project.version}\n` });
    const installed = join(cli.bin, '..', 'lib', 'node_modules', 'pullpass', 'package.json');
    const manifest = JSON.parse(await readFile(installed, 'utf8'));
    expect(Object.keys(manifest.bin)).toEqual([
      'pullpass',
      'docker-credential-pullpass',
      'pullpass-kubelet-provider',
    ]);
    expect(manifest).not.toHaveProperty('dependencies');
    const licences = await readFile(join(installed, '..', 'THIRD-PARTY-LICENCES'), 'utf8');
    for (const name of ['commander', 'valibot'])
      expect(licences).toMatch(new RegExp(`^${name} [\\d.]+ \\(MIT\\)$`, 'm'));
    for (const command of Object.keys(manifest.bin)) {
      expect((await stat(join(cli.bin, command))).mode & 0o111).toBe(0o111);
    }
  });
  it('says which Node it needs when Node is too old, in each command', async () => {
    const older = join(cli.home, 'older.cjs');
    const versions = "{ value: { ...process.versions, node: '20.18.3' } }";
    await writeFile(older, `Object.defineProperty(process, 'versions', ${versions});`);
    const env = { ...cli.env, NODE_OPTIONS: `--require=${older}` };
    for (const command of ['pullpass', 'docker-credential-pullpass', 'pullpass-kubelet-provider']) {
      expect(await run(join(cli.bin, command), ['--version'], { env })).toMatchObject({
        code: 1,
        output: 'Pullpass needs Node 20.19 or newer; this is 20.18.3.\n',
      });
    }
  });
  it('has the same bytes each time it is packed', async () => {
    const before = await readFile(cli.tarball);
    expect((await readFile(await packCli())).equals(before)).toBe(true);
  });
});

describe('the installed command', () => {
  it('logs in, adds, lists, shows and removes a token', async () => {
    const key = await broker.administratorKey();
    const login = await cli.pullpass(['login', '--url', broker.url, '--apikey-stdin'], key);
    expect(login.output).toBe(
      `Logged in to ${new URL(broker.url).host} (${broker.url}) as dev:administrator of the account dev:dev.\n`,
    );
    await says('namespace-add', 'team-a');
    const token = (
      await says('token-add', '--description', 'a partner', '--repository', 'team-a/app', '-q')
    ).trim();
    expect((await broker.logIn('token', token)).status).toBe(200);
    const [id = ''] = (await says('tokens', '--format', '{{.ID}}')).split('\n');
    expect(await says('token-get', id, '-q')).toBe(`${token}\n`);
    expect(await says('token-rm', '-f', id)).toBe(`Removed ${id}\n`);
    expect((await broker.logIn('token', token)).status).toBe(401);
  });
  it('keeps all of many concurrent changes', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `region-${i}`);
    await Promise.all(names.map(name => says('target-add', name, broker.url)));
    expect((await says('target-list', '-q')).split('\n')).toEqual(expect.arrayContaining(names));
    const state = join(cli.home, '.config', 'pullpass', 'state.json');
    expect((await stat(state)).mode & 0o777).toBe(0o600);
  });
  it('says that the deployment is down and what to do', async () => {
    await broker.stop();
    const { code, output } = await cli.pullpass(['tokens']);
    expect({ code, output }).toEqual({
      code: 1,
      output:
        `error: ${broker.url} cannot be reached: the connection was refused.\n` +
        'Check the URL, the network, and that the deployment is running.\n',
    });
  });
});

describe('a list of 10 000 tokens', () => {
  const PAGE = 50;
  const TOKENS = 10_000;
  /** A page and what waits for the collector. The list has 80 MB: kept whole, as objects and as text, it would take more. */
  const MOST_KILOBYTES = 220_000;

  /** As large as tokens can be: 32 long patterns each. */
  const token = (i: number) => ({
    id: `01a1fde6-b720-7292-88d8-${String(i).padStart(12, '0')}`,
    description: 'd'.repeat(256),
    access: 'pull',
    repositories: Array.from({ length: 32 }, (_, n) => `team-a/${String(n).padStart(240, 'x')}`),
    expiresAt: null,
    lastUsedAt: null,
    disabled: false,
    createdAt: '2026-11-21T07:00:00Z',
    createdBy: 'dev:alice',
    retrievable: true,
    limits: null,
  });

  it.each(['human', 'json'])('(%s) is printed page by page, never held whole', async format => {
    const stub = await Stub.deployment();
    let atLastPage = { bytes: 0, kilobytes: 0 };
    let written = 0;
    let pid = 0;
    stub.replies['GET /v1/tokens'] = async ({ line }) => {
      const from = Number(new URLSearchParams(line.split('?')[1]).get('cursor') ?? 0);
      const next = from + PAGE;
      if (next === TOKENS) atLastPage = { bytes: written, kilobytes: await peakKilobytes(pid) };
      const tokens = Array.from({ length: PAGE }, (_, i) => token(from + i));
      return { json: { tokens, nextCursor: next < TOKENS ? String(next) : null } };
    };
    const args = ['login', '--url', stub.url, '--target', `stub-${format}`, '--apikey', 'a-key'];
    expect((await cli.pullpass(args)).code).toBe(0);
    // Not by the link that npm made: the process that is measured is the command itself.
    const file = join(cli.bin, '..', 'lib', 'node_modules', 'pullpass', 'pullpass.cjs');
    const child = spawn('node', [file, 'tokens', '--output', format], { env: cli.env });
    pid = child.pid ?? 0;
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      written += chunk.length;
      if (format === 'json') text += chunk.toString();
      else text += chunk.toString().replace(/d{256}/g, 'd');
    });
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(0);
    await stub.close();
    if (format === 'json') expect(JSON.parse(text)).toHaveLength(TOKENS);
    else expect(text.trimEnd().split('\n')).toHaveLength(TOKENS + 1);
    expect(atLastPage.bytes).toBeGreaterThan(written / 2);
    expect(atLastPage.kilobytes).toBeGreaterThan(0);
    expect(atLastPage.kilobytes).toBeLessThan(MOST_KILOBYTES);
  });
});

/** The most memory that the process has had so far. */
async function peakKilobytes(pid: number): Promise<number> {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes);
}
