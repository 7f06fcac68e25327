/** `pullpass doctor` finds what is wrong between the machine, the deployment and the registries. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileNameOf } from '../../local/registry-directories.ts';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { CommandUser } from './support/command-user.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { freePort } from './support/ports.ts';
import { Pullpass } from './support/pullpass.ts';
import { type Registry, startRegistry } from './support/registry.ts';

/** What the operator of a registry has got wrong in the configuration that was given to him. */
const MISTAKES: Readonly<Record<string, (config: string) => string>> = {
  good: config => config,
  'wrong realm': config => config.replace(/realm: .*/, 'realm: "http://localhost:1/oauth/token"'),
  'wrong service': config => config.replace(/service: .*/, 'service: "another"'),
  'wrong issuer': config => config.replace(/issuer: .*/, 'issuer: "http://localhost:1"'),
  /** That of the good registry: each service has its own. */
  'wrong bundle': config => config,
};
const DOWN = 'down';

let home: string;
let pullpass: Pullpass;
let user: CommandUser;
let commandLine: InstalledCli;
const addresses = new Map<string, string>();
const registries: Registry[] = [];

beforeAll(async () => {
  commandLine = await installCli();
  home = await newDirectory('doctor');
  for (const name of [...Object.keys(MISTAKES), DOWN]) addresses.set(name, `localhost:${await freePort()}`);
  const services = join(home, 'services.json');
  await writeFile(services, JSON.stringify([...addresses.values()].map(name => ({ name }))));
  pullpass = await Pullpass.create({ PULLPASS_SERVICES: services });
  await pullpass.start();
  for (const name of Object.keys(MISTAKES)) registries.push(await startMistaken(name));
  user = await CommandUser.create(commandLine);
  await user.pullpass(['login', '--url', pullpass.url, '--apikey-stdin'], await pullpass.administratorKey());
});
afterAll(async () => {
  await Promise.all(registries.map(registry => registry.stop()));
  await Promise.all([pullpass.destroy(), user.leave(), commandLine.remove(), removeDirectory(home)]);
});

function addressOf(name: string): string {
  return addresses.get(name) ?? '';
}

async function startMistaken(name: string): Promise<Registry> {
  const directory = (of: string) =>
    join(pullpass.settings.PULLPASS_DATA, 'registry', fileNameOf(addressOf(of)));
  const config = await readFile(join(directory(name), 'config.yml'), 'utf8');
  const mistaken = MISTAKES[name]?.(config) ?? '';
  const bundle = join(directory(name === 'wrong bundle' ? 'good' : name), 'rootcertbundle.pem');
  const configFile = join(home, `${name}.yml`);
  await writeFile(
    configFile,
    mistaken.replace(/rootcertbundle: .*/, `rootcertbundle: ${JSON.stringify(bundle)}`),
  );
  return startRegistry({ kind: 'distribution 3.1', address: addressOf(name), configFile });
}

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly advice?: string;
}

async function examine(name: string): Promise<{ code: number; findings: Map<string, Finding> }> {
  const { code, stdout } = await user.pullpass(['doctor', addressOf(name), '--output', 'json']);
  const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
  expect(code).toBe(healthy ? 0 : 1);
  return {
    code,
    findings: new Map(
      findings.map(finding => [finding.check.replace(` of ${addressOf(name)}`, ''), finding]),
    ),
  };
}

const CHECKS = [
  ...['deployment', 'health', 'clock', 'metadata', 'login', 'service'],
  ...['address', 'challenge', 'realm', 'keys', 'access token', 'trust'],
];

/** The first check that fails, and what is said of it. */
const PROBLEMS: readonly [name: string, check: string, message: () => string, advice: string][] = [
  [
    'wrong realm',
    'challenge',
    () => `has the realm "http://localhost:1/oauth/token", which must be "${pullpass.url}/oauth/token".`,
    'registry-config',
  ],
  [
    'wrong service',
    'challenge',
    () => `has the service "another", which must be "${addressOf('wrong service')}".`,
    'registry-config',
  ],
  [
    'wrong bundle',
    'trust',
    () => 'It refuses the access token: its certificates, keys or issuer',
    'registry-config',
  ],
  [
    'wrong issuer',
    'trust',
    () => 'It refuses the access token: its certificates, keys or issuer',
    'registry-config',
  ],
  [
    DOWN,
    'address',
    () => 'cannot be reached: the connection was refused.',
    'Check that the registry is running',
  ],
];

describe('with everything in order', () => {
  it('every check says so', async () => {
    const { code, findings } = await examine('good');
    expect([...findings.keys()]).toEqual(CHECKS);
    expect([...findings.values()].map(({ state }) => state)).toEqual(CHECKS.map(() => 'ok'));
    expect(code).toBe(0);
  });

  it('prints a line for each check', async () => {
    const { stdout } = await user.pullpass(['doctor', addressOf('good')]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(CHECKS.length);
    for (const line of lines) expect(line).toMatch(/^ok {7}[a-z].*: \S/);
  });
});

describe('a registry with a fault', () => {
  it.each(PROBLEMS)('%s: doctor names its %s', async (name, check, message, advice) => {
    const { code, findings } = await examine(name);
    expect(findings.get(check)).toMatchObject({
      state: 'problem',
      message: expect.stringContaining(message()),
      advice: expect.stringContaining(advice),
    });
    const before = CHECKS.slice(0, CHECKS.indexOf(check));
    expect(before.map(known => findings.get(known)?.state)).toEqual(before.map(() => 'ok'));
    expect([...findings.keys()]).toEqual(CHECKS);
    expect(code).toBe(1);
  });

  it('does not hide the other registries', async () => {
    const { code, stdout } = await user.pullpass(['doctor']);
    expect(stdout).toContain(`ok       trust of ${addressOf('good')}: It accepts the access token.`);
    expect(stdout).toContain(`PROBLEM  trust of ${addressOf('wrong bundle')}: `);
    expect(code).toBe(1);
  });
});

describe('a login that has ended', () => {
  it('is named, with how to log in', async () => {
    const { token, id } = await pullpass.addToken();
    await user.pullpass(['login', '--url', pullpass.url, '--token-stdin'], token);
    await pullpass.manage('DELETE', `/v1/tokens/${id}`);

    const { findings } = await examine('good');
    expect(findings.get('login')).toMatchObject({
      state: 'problem',
      message: 'The user name or the secret is not valid.',
      advice: expect.stringContaining('Log in again with: pullpass login'),
    });
    expect(findings.get('trust')).toMatchObject({ state: 'skipped' });
    await user.pullpass(['logout']);
    expect((await examine('good')).findings.get('login')).toMatchObject({
      state: 'problem',
      message: `You are not logged in to ${pullpass.url}.`,
      advice: expect.stringContaining('pullpass login --target'),
    });
  });
});

describe('a deployment that is down', () => {
  it('is named, and the registry is still examined', async () => {
    await pullpass.stop();
    const { findings } = await examine('good');
    expect(findings.get('deployment')).toMatchObject({
      state: 'problem',
      message: `${pullpass.url} cannot be reached: the connection was refused.`,
    });
    expect(findings.get('challenge')).toMatchObject({ state: 'ok' });
    expect(findings.get('trust')).toMatchObject({ state: 'skipped' });
    expect([...findings.keys()]).toEqual(CHECKS);
  });
});
