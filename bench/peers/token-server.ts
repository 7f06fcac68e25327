/** The token server of distribution's contrib directory: the smallest that there is, with users in a file and bcrypt. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/e2e/support/ports.ts';
import { onCore } from '../support/cores.ts';
import { answering } from '../support/ports.ts';
import { get, PEER_CLIENT, SERVICE } from '../support/requests.ts';
import type { Server } from '../support/server.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', '.build', 'tools', 'token-server');
const INSTALL = 'go -C bench/peers/token-server build -o ../../../.build/tools/ tool';
/** The password of the bench with a cost of 5, as the example of docker_auth has it; htpasswd's own default is also 5. */
const HTPASSWD = `${PEER_CLIENT.id}:$2a$05$44.BhBiriPTi5P9UDzFGuuB0e3e1LpwX7jnt2nJ/86y/3Oz7abo62`;

/** Why it cannot be measured here; undefined: it can. */
export function lacksTokenServer(): string | undefined {
  return existsSync(PROGRAM) ? undefined : `install it with: ${INSTALL}`;
}

export async function startTokenServer(): Promise<Pick<Server, 'close' | 'pid' | 'port'>> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-token-server-'));
  const passwords = join(directory, 'htpasswd');
  await writeFile(passwords, `${HTPASSWD}\n`);
  const port = await freePort();
  const flags = ['-addr', `127.0.0.1:${port}`, '-realm', 'bench', '-passwd', passwords];
  const [file, parameters] = onCore('measured', [PROGRAM, ...flags]);
  const child = spawn(file, parameters, { stdio: 'ignore' });
  const stop = () => void child.kill();
  process.once('exit', stop);
  await answering(`http://127.0.0.1:${port}/`);
  return {
    pid: child.pid ?? 0,
    port,
    close: async () => {
      process.off('exit', stop);
      const exited = once(child, 'exit');
      stop();
      await exited;
      await rm(directory, { recursive: true });
    },
  };
}

/** It grants a user what is below their name. */
export function tokenServerRequest(): string {
  const { id, secret } = PEER_CLIENT;
  const scope = encodeURIComponent(`repository:${id}/app:pull`);
  const credentials = Buffer.from(`${id}:${secret}`).toString('base64');
  return get(`/token/?account=${id}&scope=${scope}&service=${SERVICE}`, `Basic ${credentials}`);
}
