/** containerd by its own command: it keeps no logins, and asks for access tokens by POST. */
import { type Result, run } from '../processes.ts';
import { tool } from '../tools.ts';
import { PATIENCE_MS, type Place } from './client.ts';

export interface Containerd {
  /** `user` is `name:password`. */
  pull(reference: string, user: string): Promise<Result>;
  /** Pushes what was pulled as `from` to another place. */
  push(from: string, to: string, user: string): Promise<Result>;
}

export async function containerdClient({ env, dockerDaemon }: Place): Promise<Containerd> {
  const { containerd } = await dockerDaemon();
  const images = (...args: string[]) =>
    run(tool('ctr'), ['--address', containerd, '--namespace', 'test', 'images', ...args], {
      env,
      timeoutMs: PATIENCE_MS,
    });
  return {
    pull: (reference, user) =>
      images('pull', '--plain-http', '--snapshotter', 'native', '--user', user, reference),
    async push(from, to, user) {
      const tagged = await images('tag', '--force', from, to);
      return tagged.code === 0 ? images('push', '--plain-http', '--user', user, to) : tagged;
    },
  };
}
