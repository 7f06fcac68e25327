/** A docker daemon for one test: no network, no firewall rules, nothing shared with another daemon. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import { run, start, until } from './processes.ts';
import { tool } from './tools.ts';

export interface DockerDaemon {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  /** The socket of its containerd. */
  readonly containerd: string;
  stop(): Promise<void>;
}

const NO_NETWORK = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];

/** Starts the daemon, which must run as root, and returns when it answers. Registries on loopback may use http. */
export async function startDockerDaemon(): Promise<DockerDaemon> {
  const home = await newDirectory('docker');
  const env = bareEnvironment(home);
  const host = `unix://${join(home, 'socket')}`;
  const exec = join(home, 'exec');
  await mkdir(exec);
  const places = ['--data-root', join(home, 'data'), '--exec-root', exec, '--pidfile', join(home, 'pid')];
  const running = start(tool('dockerd'), [...NO_NETWORK, '--storage-driver=vfs', ...places, '--host', host], {
    env,
  });
  const answers = async () =>
    (await run(tool('docker'), ['version'], { env: { ...env, DOCKER_HOST: host } })).code === 0;
  await until('dockerd', answers, { running }).catch(async error => {
    await running.stop();
    throw error;
  });
  return {
    host,
    containerd: join(exec, 'containerd', 'containerd.sock'),
    async stop() {
      await running.stop();
      await removeDirectory(home);
    },
  };
}
