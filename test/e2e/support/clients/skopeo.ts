/** skopeo, which keeps images in directories. */
import { join } from 'node:path';
import { TAG } from '../image.ts';
import { type Result, run } from '../processes.ts';
import { tool } from '../tools.ts';
import { type Client, PATIENCE_MS, type Place } from './client.ts';

export interface Skopeo extends Client {
  /** The digest of an image in the registry. */
  inspect(reference: string): Promise<Result>;
  tags(repository: string): Promise<Result>;
  /** Deletes an image from the registry. */
  remove(reference: string): Promise<Result>;
}

export function skopeoClient({ home, env }: Place): Skopeo {
  const skopeo = (args: string[], input = '') =>
    run(tool('skopeo'), args, { env, input, timeoutMs: PATIENCE_MS });
  let pulls = 0;
  return {
    name: 'skopeo',
    login: (registry, user, password) =>
      skopeo(['login', '--tls-verify=false', '--username', user, '--password-stdin', registry], password),
    logout: registry => skopeo(['logout', registry]),
    push: ({ layout }, reference) =>
      skopeo([
        'copy',
        '--insecure-policy',
        '--dest-tls-verify=false',
        `oci:${layout}:${TAG}`,
        `docker://${reference}`,
      ]),
    pull(reference) {
      pulls += 1;
      const directory = join(home, `pulled-${pulls}`);
      return skopeo([
        'copy',
        '--insecure-policy',
        '--src-tls-verify=false',
        `docker://${reference}`,
        `dir:${directory}`,
      ]);
    },
    inspect: reference =>
      skopeo([
        'inspect',
        '--no-tags',
        '--tls-verify=false',
        '--format',
        '{{.Digest}}',
        `docker://${reference}`,
      ]),
    tags: repository => skopeo(['list-tags', '--tls-verify=false', `docker://${repository}`]),
    remove: reference => skopeo(['delete', '--tls-verify=false', `docker://${reference}`]),
  };
}
