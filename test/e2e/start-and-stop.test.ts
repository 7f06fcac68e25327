/** npm start: when it refuses to start, how it ends, what it makes and prints. */
import { once } from 'node:events';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newDeployment } from './support/deployment.ts';
import { bareEnvironment, PROJECT } from './support/directories.ts';
import { freePort } from './support/ports.ts';
import { run, until } from './support/processes.ts';
import type { Pullpass } from './support/pullpass.ts';
import { startRegistry } from './support/registry.ts';

const STOP_MS = 5_000;

async function failedStart(pullpass: Pullpass, settings: Record<string, string> = {}): Promise<string> {
  const running = pullpass.launch(settings);
  const code = await Promise.race([running.exited, sleep(15_000, 'still running' as const)]);
  await running.stop();
  expect(code, running.output()).toBe(1);
  return running.output();
}

describe('npm start refuses to start and says why', () => {
  it('while another process has the data directory', async () => {
    const pullpass = await (await newDeployment()).start();
    const output = await failedStart(pullpass, { PORT: `${await freePort()}` });
    expect(output).toContain('Another process has the store');
    expect(output).toContain(pullpass.settings.PULLPASS_DATA);
    expect(await pullpass.isHealthy()).toBe(true);
  });

  it.each(['755', '722', '777'])('when the data directory has mode %s', async mode => {
    const pullpass = await newDeployment();
    const { PULLPASS_DATA: data } = pullpass.settings;
    await mkdir(data);
    await chmod(data, Number.parseInt(mode, 8));
    expect(await failedStart(pullpass)).toContain(
      `${data} is open to others; close it with: chmod 711 ${data}`,
    );
  });

  it('when variables are unknown or empty, all at once', async () => {
    const output = await failedStart(await newDeployment(), {
      PULLPASS_ADMINSTRATORS: 'dev:dev:administrator',
      PULLPASS_TABLE: '',
    });
    expect(output).toContain('PULLPASS_ADMINSTRATORS is not a known variable');
    expect(output).toContain('PULLPASS_TABLE is empty');
  });

  it('when a variable is wrong', async () => {
    const output = await failedStart(await newDeployment(), { PULLPASS_FAILURES_PER_MINUTE: 'many' });
    expect(output).toContain('PULLPASS_FAILURES_PER_MINUTE must be a whole number');
  });

  it('when others could reach it without TLS and with the development IAM', async () => {
    const output = await failedStart(await newDeployment(), { PULLPASS_HOST: '0.0.0.0' });
    expect(output).toContain('PULLPASS_HOST is not loopback, so PULLPASS_URL must be https');
    expect(output).toContain('PULLPASS_HOST is not loopback, so PULLPASS_ISSUERS must name an IAM');
  });

  it('when the port is taken, and the next start is the first one still', async () => {
    const pullpass = await (await newDeployment()).start();
    const other = await newDeployment();
    expect(await failedStart(other, { PORT: pullpass.settings.PORT })).toContain('choose another with PORT');
    expect((await other.start()).running.output()).toContain('docker login');
  });
});

describe('npm start ends with exit code 0', () => {
  it.each([
    ['npm alone gets SIGTERM, as from a supervisor', 'SIGTERM', 'process'],
    ['all its processes get SIGTERM, as from systemd', 'SIGTERM', 'group'],
    ['all its processes get SIGINT, as from Ctrl-C', 'SIGINT', 'group'],
  ] as const)('when %s', async (_, signal, whom) => {
    const pullpass = await (await newDeployment()).start();
    const { running } = pullpass;
    const began = Date.now();
    if (whom === 'process') running.process.kill(signal);
    else running.kill(signal);
    expect(await running.exited, running.output()).toBe(0);
    expect(Date.now() - began).toBeLessThan(STOP_MS);
    expect(await pullpass.isHealthy()).toBe(false);
  });

  it('after it has answered a login that had begun', async () => {
    const pullpass = await (await newDeployment()).start();
    const { token } = await pullpass.addToken();
    const body = new URLSearchParams({
      grant_type: 'password',
      username: 'token',
      password: token,
    }).toString();
    const login = request(`${pullpass.url}/oauth/token`, {
      agent: new Agent({ keepAlive: true }),
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
    });
    login.write(body.slice(0, 10));
    await sleep(200);
    pullpass.running.process.kill('SIGTERM');
    await until('the end to begin', async () => !(await pullpass.isHealthy()));
    login.end(body.slice(10));
    const [response] = (await once(login, 'response')) as [IncomingMessage];
    const answeredAt = Date.now();
    response.resume();

    expect(response.statusCode).toBe(200);
    expect(await pullpass.running.exited).toBe(0);
    // A connection that the client would keep open does not hold up the end.
    expect(Date.now() - answeredAt).toBeLessThan(2_000);
  });
});

it('npm start makes only the public files in the data directory readable by others', async () => {
  const pullpass = await (await newDeployment()).start();
  const modeOf = async (name: string) =>
    ((await stat(join(pullpass.settings.PULLPASS_DATA, name))).mode & 0o777).toString(8);
  expect({
    data: await modeOf('.'),
    store: await modeOf('store.db'),
    keys: await modeOf('keys'),
    administrator: await modeOf('administrator.apikey'),
    registry: await modeOf('registry'),
    bundle: await modeOf('registry/rootcertbundle.pem'),
  }).toEqual({
    data: '711',
    store: '600',
    keys: '700',
    administrator: '600',
    registry: '755',
    bundle: '644',
  });
});

it('npm start prints commands that work as they are, once, and its options', async () => {
  const address = `localhost:${await freePort()}`;
  const pullpass = await (await newDeployment({ PULLPASS_SERVICE: address })).start();
  const output = pullpass.running.output();
  expect(output).toContain(
    `Pullpass is ready at ${pullpass.url} (listening on 127.0.0.1:${pullpass.settings.PORT}).`,
  );
  expect(output).toContain('Not for production.');
  const typed = output.split('\n').filter(line => line.startsWith('  '));
  const env = { ...bareEnvironment(join(pullpass.settings.PULLPASS_DATA, '..')) };
  const curl = typed.filter(line => /^ {2}(?:ADMIN=|curl )/.test(line)).join('\n');
  const answer = await run('bash', ['-ec', curl], { env, cwd: PROJECT });
  expect(answer, answer.output).toMatchObject({ code: 0 });
  const [, token = ''] = /"token":"(plp_\w+)"/.exec(answer.output) ?? [];
  const [, configFile = ''] = /docker-registry serve (\S+)/.exec(output) ?? [];
  const registry = await startRegistry({ kind: 'distribution 2.8', address, configFile });
  onTestFinished(() => registry.stop());
  const login = typed.find(line => line.includes('docker login'))?.trim() ?? '';
  const loggedIn = await run('bash', ['-ec', `${login} --password-stdin`], {
    env,
    cwd: PROJECT,
    input: token,
  });
  expect(loggedIn.output).toContain('Login Succeeded');

  await pullpass.stop();
  const again = await pullpass.start();
  expect(again.running.output()).not.toContain('curl');
  const help = await pullpass.npm('start', '--', '--help');
  expect(help).toMatchObject({ code: 0, output: expect.stringContaining('--after-restore') });
  expect(await pullpass.npm('start', '--', '--hepl')).toMatchObject({ code: 2 });
});
