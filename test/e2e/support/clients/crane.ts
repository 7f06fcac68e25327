/** crane, of go-containerregistry, which ko and kaniko are made of too. */
import { join } from 'node:path';
import { type Result, run } from '../processes.ts';
import { tool } from '../tools.ts';
import { type Client, PATIENCE_MS, type Place } from './client.ts';

export interface Crane extends Client {
  digest(reference: string): Promise<Result>;
  tags(repository: string): Promise<Result>;
  /** Copies between repositories of one registry, which mounts the layers. */
  copy(from: string, to: string): Promise<Result>;
  catalog(registry: string): Promise<Result>;
}

export function craneClient({ home, env }: Place): Crane {
  const crane = (args: string[], input = '') =>
    run(tool('crane'), args, { env, input, timeoutMs: PATIENCE_MS });
  let pulls = 0;
  return {
    name: 'crane',
    login: (registry, user, password) =>
      crane(['auth', 'login', '--username', user, '--password-stdin', registry], password),
    logout: registry => crane(['auth', 'logout', registry]),
    push: ({ layout }, reference) => crane(['push', '--insecure', layout, reference]),
    pull(reference) {
      pulls += 1;
      return crane(['pull', '--insecure', reference, join(home, `pulled-${pulls}.tar`)]);
    },
    digest: reference => crane(['digest', '--insecure', reference]),
    tags: repository => crane(['ls', '--insecure', repository]),
    copy: (from, to) => crane(['copy', '--insecure', from, to]),
    catalog: registry => crane(['catalog', '--insecure', registry]),
  };
}
