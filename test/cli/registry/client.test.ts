/** Logging registry clients in: the password on standard input alone, and errors of the client. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Printer } from '../../../cli/printer.ts';
import { CLIENTS, type ClientName, clientToLogIn, logClientIn } from '../../../cli/registry/client.ts';
import { Secret } from '../../../lib/domain/secret.ts';

/** Writes down what it was given, and ends with the given exit code. */
const CLIENT = `#!/bin/sh
printf '%s\\n' "$@" > "$0.arguments"
env > "$0.environment"
cat > "$0.input"
exit "$(cat "$0.code" 2>/dev/null || echo 0)"
`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function install(client: string, mode = 0o755): Promise<string> {
  const path = join(directory, client);
  await writeFile(path, CLIENT);
  await chmod(path, mode);
  return path;
}

let messages: string;
/** Collects what the client says. */
function said(): Printer {
  messages = '';
  const write = (chunk: Buffer, _: unknown, done: () => void) => {
    messages += chunk;
    done();
  };
  return new Printer(new Writable({ write }));
}

const PASSWORD = 'plc_a-secret-password';
const login = (client: ClientName, isPlain = true) =>
  logClientIn({
    client,
    registry: 'localhost:5000',
    userName: 'token',
    password: new Secret(PASSWORD),
    isPlain,
    stderr: said(),
    environment: { PATH: `${directory}${delimiter}${process.env.PATH}` },
  });

describe('a client is logged in', () => {
  it.each(CLIENTS)('%s reads the password from its standard input, and it is nowhere else', async client => {
    const path = await install(client);
    await login(client);
    expect(await readFile(`${path}.input`, 'utf8')).toBe(PASSWORD);
    for (const place of ['arguments', 'environment'])
      expect(await readFile(`${path}.${place}`, 'utf8')).not.toContain(PASSWORD);
  });

  it.each(CLIENTS)('%s gets --tls-verify=false only when it needs it for http', async client => {
    const path = await install(client);
    const args = async () => (await readFile(`${path}.arguments`, 'utf8')).trim().split('\n');
    const rest = ['--username', 'token', '--password-stdin', 'localhost:5000'];
    await login(client, true);
    expect(await args()).toEqual(['login', ...(client === 'docker' ? [] : ['--tls-verify=false']), ...rest]);
    await login(client, false);
    expect(await args()).toEqual(['login', ...rest]);
  });
});

describe('an error is reported', () => {
  it('when the client fails', async () => {
    const path = await install('docker');
    await writeFile(`${path}.code`, '3');
    await expect(login('docker')).rejects.toThrow('docker login localhost:5000: it ended with exit code 3.');
  });

  it('with what the client says, line by line and without escape sequences', async () => {
    await install('docker');
    await writeFile(join(directory, 'docker'), '#!/bin/sh\nprintf "no: \\033[2Jx\\nlast" >&2\nexit 1\n');
    await expect(login('docker')).rejects.toThrow('exit code 1');
    expect(messages).toBe('no: \\u001b[2Jx\nlast\n');
  });

  it('when it ends without reading', async () => {
    await install('docker');
    await writeFile(join(directory, 'docker'), '#!/bin/sh\nexit 1\n');
    await expect(login('docker')).rejects.toThrow('exit code 1');
  });

  it('when it is not installed', async () => {
    const none = { PATH: directory };
    const asked = logClientIn({
      client: 'podman',
      registry: 'localhost:5000',
      userName: 'token',
      password: new Secret(PASSWORD),
      isPlain: false,
      stderr: said(),
      environment: none,
    });
    await expect(asked).rejects.toThrow('podman login localhost:5000: spawn podman ENOENT');
  });
});

describe('the client to log in', () => {
  it('is the first of docker, podman and skopeo that can be run', async () => {
    await mkdir(join(directory, 'empty'));
    const path = [join(directory, 'empty'), '', directory].join(delimiter);
    const chosen = () => clientToLogIn(undefined, path).catch(() => undefined);
    const found = [await chosen()];
    for (const client of ['buildah', 'skopeo', 'podman', 'docker']) {
      await install(client);
      found.push(await chosen());
    }
    expect(found).toEqual([undefined, undefined, 'skopeo', 'podman', 'docker']);
    await install('docker', 0o644);
    await chmod(join(directory, 'docker'), 0o644);
    expect(await chosen()).toBe('podman');
    expect(await clientToLogIn('buildah', path)).toBe('buildah');
  });

  it('is none without an installed one, and the error says which are known and installed', async () => {
    const known = 'Known: docker, podman, skopeo, buildah (buildah only with --client)';
    await expect(clientToLogIn(undefined)).rejects.toMatchObject({
      message: 'No client to log in is installed.',
      details: { code: 'no-client', problems: [known, 'Installed: none of them'] },
    });
    await install('podman');
    await install('buildah');
    await expect(clientToLogIn('docker', directory)).rejects.toMatchObject({
      message: 'docker is not installed.',
      details: { code: 'no-client', problems: [known, 'Installed: podman, buildah'] },
    });
  });
});
