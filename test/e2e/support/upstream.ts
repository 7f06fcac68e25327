/** A registry that knows nothing of the product, with a user and a password, for the registry proxy to pull from. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import { type Image, TAG } from './image.ts';
import { freePort } from './ports.ts';
import { run, start, until } from './processes.ts';
import { tool } from './tools.ts';

export const USER = 'operator';
export const PASSWORD = 'upstream-password';
/** As `htpasswd -B` writes it: an operator, and a user with the password that moto gives for ECR (`123456789012-auth-token`). */
const HTPASSWD = `${USER}:$2b$04$8keO6KIAlvfxezvOsYKoUOuuP4/v5VXlgeQPfu.NMjr1kXX5/QbcG
AWS:$2b$04$wrouv54W1S9dIcEoY3wQlOh24E7Ad2dzxNa0NwbgCFO5WHYxXdRcq`;

export interface Upstream {
  readonly url: string;
  /** `file:` and a file with the password. */
  readonly passwordReference: string;
  readonly output: () => string;
  /** Puts an image there under a repository of the upstream's own. */
  put(image: Image, repository: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const home = await newDirectory('upstream');
  const address = `127.0.0.1:${await freePort()}`;
  const env = { ...bareEnvironment(home), OTEL_TRACES_EXPORTER: 'none' };
  await writeFile(join(home, 'htpasswd'), `${HTPASSWD}\n`);
  await writeFile(join(home, 'password'), `${PASSWORD}\n`);
  const config = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: join(home, 'data') } },
    http: { addr: address },
    auth: { htpasswd: { realm: 'upstream', path: join(home, 'htpasswd') } },
  };
  await writeFile(join(home, 'config.json'), JSON.stringify(config));
  const running = start(tool('registry3'), ['serve', join(home, 'config.json')], { env });
  const answers = () =>
    fetch(`http://${address}/v2/`).then(
      ({ status }) => status === 401,
      () => false,
    );
  await until('the upstream', answers, { running }).catch(async error => {
    await running.stop();
    throw error;
  });
  return {
    url: `http://${address}`,
    passwordReference: `file:${join(home, 'password')}`,
    output: running.output,
    async put({ layout }, repository) {
      const target = `docker://${address}/${repository}:${TAG}`;
      const login = ['--dest-tls-verify=false', '--dest-creds', `${USER}:${PASSWORD}`];
      const args = ['copy', '--insecure-policy', ...login, `oci:${layout}:${TAG}`, target];
      const { code, output } = await run(tool('skopeo'), args, { env });
      if (code !== 0) throw new Error(output);
    },
    async stop() {
      await running.stop();
      await removeDirectory(home);
    },
  };
}
