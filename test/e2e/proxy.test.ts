/** The installed command and `npm start` behind a proxy, and with a private authority: on the Node of the machine and on that of the project. */
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LoopbackIam } from '../iam/loopback-iam.ts';
import { goodClaims, signToken, testKey } from '../iam/tokens.ts';
import { ConnectProxy } from '../support/connect-proxy.ts';
import { PrivateAuthority } from '../support/private-authority.ts';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './support/directories.ts';
import { type Running, run, until } from './support/processes.ts';
import { Pullpass } from './support/pullpass.ts';

const HOST = 'pullpass.corp.test';
const IAM = 'iam.corp.test';
const READY_MS = 20_000;
/** The Node that a user has is not among the commands of the project. */
const USERS_PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter(directory => !directory.startsWith(PROJECT))
  .join(delimiter);
const NODES = { 'the Node of the machine': 'node', 'the Node of the project': process.execPath };

const key = testKey('k1');
let authority: PrivateAuthority;
let commandLine: InstalledCli;
let iam: LoopbackIam;
let proxy: ConnectProxy;
let pullpass: Pullpass;
let running: Running;

beforeAll(async () => {
  authority = await PrivateAuthority.open();
  commandLine = await installCli();
  iam = await new LoopbackIam().open();
  iam.keys = [key.jwk];
  pullpass = await Pullpass.create({ PULLPASS_URL: `https://${HOST}` });
  const names = {
    [HOST]: await authority.front(pullpass.url, HOST),
    [IAM]: await authority.front(iam.url, IAM),
  };
  proxy = await ConnectProxy.open({ names });
  const file = join(pullpass.settings.PULLPASS_DATA, '..', 'issuers.json');
  const { client: _, ...issuer } = iam.issuer({ keysUrl: `https://${IAM}/keys`, tokenUrl: null });
  await writeFile(file, JSON.stringify([issuer]));
  running = pullpass.launch({
    PULLPASS_ISSUERS: file,
    PULLPASS_ADMINISTRATORS: 'test:acct-1:IBMid-270000001',
    HTTPS_PROXY: proxy.url,
    SSL_CERT_FILE: authority.file,
  });
  await until('npm start', () => pullpass.isHealthy(), { running, timeoutMs: READY_MS });
  const now = Math.floor(Date.now() / 1000);
  const bearer = signToken(key, goodClaims({ iat: now - 5, exp: now + 600 }));
  pullpass.authorization = async () => `Bearer ${bearer}`;
});
afterAll(async () => {
  await running.stop();
  await pullpass.destroy();
  await commandLine.remove();
  for (const each of [proxy, iam, authority]) await each.close();
});

it('npm start asks its issuer through the proxy', async () => {
  expect(await pullpass.call('GET', '/v1/identity')).toMatchObject({ status: 200 });
  expect(proxy.asked).toContain(`${IAM}:443`);
});

describe.each(Object.entries(NODES))('with %s', (_, node) => {
  it.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])(
    'a user logs in and gets a credential, by %s',
    async variable => {
      const home = await newDirectory('home');
      onTestFinished(() => removeDirectory(home));
      const env = {
        ...bareEnvironment(home),
        PATH: USERS_PATH,
        HTTPS_PROXY: proxy.url,
        [variable]: authority.file,
      };
      const command = join(commandLine.bin, 'pullpass');
      const says = (args: string[], input = '') => run(node, [command, ...args], { env, input });
      proxy.asked.length = 0;

      const { token } = await pullpass.addToken();
      const login = await says(['login', '--url', `https://${HOST}`, '--token-stdin'], token);
      expect(login, login.output).toMatchObject({ code: 0 });
      const vended = await says(['credential', '--format', 'shell']);
      expect(vended, vended.output).toMatchObject({ code: 0, output: expect.stringContaining('plc_') });
      expect(proxy.asked).toContain(`${HOST}:443`);
    },
  );
});
