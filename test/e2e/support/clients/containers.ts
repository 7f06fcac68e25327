/** podman and buildah: two programs with one way of storing images and of speaking to registries. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TAG } from '../image.ts';
import { run } from '../processes.ts';
import { tool } from '../tools.ts';
import { type Client, PATIENCE_MS, type Place } from './client.ts';

/** buildah is content with what it has; podman asks the registry anyway. */
const OWN_PULL_FLAGS = { podman: [], buildah: ['--policy=always'] } as const;
const OWN_FLAGS = {
  podman: ['--cgroup-manager=cgroupfs', '--events-backend=none'],
  buildah: [],
} as const;

export async function containersClient(name: 'podman' | 'buildah', { home, env }: Place): Promise<Client> {
  const policy = join(home, 'policy.json');
  await writeFile(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  const place = ['--root', join(home, 'root'), '--runroot', join(home, 'run'), '--storage-driver=vfs'];
  const call = (args: string[], input = '') =>
    run(tool(name), [...place, ...OWN_FLAGS[name], ...args], { env, input, timeoutMs: PATIENCE_MS });
  const verified = ['--quiet', '--tls-verify=false', '--signature-policy', policy];
  return {
    name,
    login: (registry, user, password) =>
      call(['login', '--tls-verify=false', '--username', user, '--password-stdin', registry], password),
    logout: registry => call(['logout', registry]),
    async push({ layout }, reference) {
      const local = await call(['pull', '--quiet', '--signature-policy', policy, `oci:${layout}:${TAG}`]);
      if (local.code !== 0) return local;
      const id = local.output.trim().split('\n').at(-1) ?? '';
      const pushed = await call(['push', ...verified, id, `docker://${reference}`]);
      // The storage must not have what is pulled next.
      await call(['rmi', '--force', id]);
      return pushed;
    },
    pull: reference => call(['pull', ...OWN_PULL_FLAGS[name], ...verified, `docker://${reference}`]),
  };
}
