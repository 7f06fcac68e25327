/** The shell format logs docker in, and the password is in no list of processes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROGRAMS } from './support/clients/programs.ts';
import { vended } from './support/credentials.ts';
import { expectSuccess } from './support/expect.ts';
import { run } from './support/processes.ts';
import { tool } from './support/tools.ts';
import { useWorld } from './support/world.ts';

/** Writes down how it was called, and is docker. */
function witness(docker: string): string {
  return `#!/bin/sh\nprintf '%s\\n' "$@" >"$HOME/arguments"\nexec ${docker} "$@"\n`;
}

describe('a credential as a line for a shell', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 3.1', service: { name: 'shop' } }] });

  it.each([
    ['sh', 'read from its input', []],
    ['bash', 'read from its input', []],
    ['sh', 'evaluated', ['-c', 'eval "$LINE"']],
    ['bash', 'evaluated', ['-c', 'eval "$LINE"']],
  ])('logs docker in from %s, %s, with no argument that tells the password', async (shell, _, args) => {
    const { reference } = await world().pushed('team-a/shell');
    const line = await vended(world(), { format: 'shell' });
    const place = await world().place('shell', { 'bin/docker': witness(tool('docker')) });
    const { host } = await place.dockerDaemon();
    // There is no printf but the shell's own.
    const env = { ...place.env, DOCKER_HOST: host, LINE: line, PATH: join(place.home, 'bin') };

    expectSuccess(await run(`/bin/${shell}`, args, { env, input: line }));

    expect((await readFile(join(place.home, 'arguments'), 'utf8')).split('\n')).toEqual([
      'login',
      '--username',
      'token',
      '--password-stdin',
      world().registry.address,
      '',
    ]);
    const docker = await PROGRAMS.docker(place);
    expectSuccess(await docker.pull(reference));
  });
});
