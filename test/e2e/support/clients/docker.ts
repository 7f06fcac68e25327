/** The docker CLI, with a daemon of the test's own. */
import { run } from '../processes.ts';
import { tool } from '../tools.ts';
import { type Client, PATIENCE_MS, type Place } from './client.ts';

export async function dockerClient({ env: bare, dockerDaemon }: Place): Promise<Client> {
  const env = { ...bare, DOCKER_HOST: (await dockerDaemon()).host };
  const docker = (args: string[], input?: string) =>
    run(tool('docker'), args, { env, timeoutMs: PATIENCE_MS, ...(input === undefined ? {} : { input }) });
  return {
    name: 'docker',
    login: (registry, user, password) =>
      docker(['login', '--username', user, '--password-stdin', registry], password),
    logout: registry => docker(['logout', registry]),
    async push({ archive }, reference) {
      const imported = await docker(['import', archive, reference]);
      const pushed = imported.code === 0 ? await docker(['push', reference]) : imported;
      // The daemon must not have what is pulled next.
      await docker(['image', 'rm', '--force', reference]);
      return pushed;
    },
    pull: reference => docker(['pull', reference]),
  };
}
