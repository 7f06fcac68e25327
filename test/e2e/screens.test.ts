/** The screens in docs/cli.md, made again by the commands that they show. */
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './support/directories.ts';
import { type DockerDaemon, startDockerDaemon } from './support/docker-daemon.ts';
import { run } from './support/processes.ts';
import { useWorld } from './support/world.ts';

interface Screen {
  readonly command: string;
  readonly output: string;
}

/** What follows each `$ ` of a console block. */
async function screens(): Promise<Screen[]> {
  const document = await readFile(join(PROJECT, 'docs', 'cli.md'), 'utf8');
  const blocks = [...document.matchAll(/^```console\n(.*?)^```$/gms)].map(([, body = '']) => body);
  return blocks
    .join('')
    .split(/^\$ /m)
    .slice(1)
    .map(text => {
      const [command = '', ...lines] = text.split('\n');
      return { command, output: lines.join('\n') };
    });
}

/** What differs each time, in the same width: identifiers, values and times. */
function timeless(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<identifier>')
    .replaceAll(/plp_[0-9A-Za-z]{87}/g, '<value>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
    .replaceAll(/\b1\d{9}\b/g, '<seconds>')
    .replaceAll(/ +$/gm, '')
    .trimEnd();
}

/** What was printed, with `…` in place of the lines that the screen leaves out. */
function shortenedLike(screen: string, printed: string): string {
  const [first = '', ...others] = screen.split('\n…\n');
  let [shortened, rest] = [printed.slice(0, first.length), printed.slice(first.length)];
  for (const part of others) {
    const at = rest.indexOf(`\n${part}`);
    if (at === -1) return printed;
    shortened += `\n…\n${part}`;
    rest = rest.slice(at + 1 + part.length);
  }
  return shortened + rest;
}

let home: string;
let cli: InstalledCli;
let daemon: DockerDaemon;

beforeAll(async () => {
  home = await newDirectory('screens');
  cli = await installCli();
  daemon = await startDockerDaemon();
});
afterAll(async () => {
  await daemon.stop();
  await cli.remove();
  await removeDirectory(home);
});

describe('docs/cli.md', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });

  it('shows what the commands print', async () => {
    const { pullpass, registry } = world();
    await pullpass.manage('DELETE', '/v1/namespaces/team-a');
    await symlink(pullpass.settings.PULLPASS_DATA, join(home, '.pullpass'));
    const bare = bareEnvironment(home);
    const env = { ...bare, PATH: `${cli.bin}:${bare.PATH}`, DOCKER_HOST: daemon.host };
    const toDocument = (text: string) =>
      text
        .replaceAll(pullpass.url, 'http://localhost:8080')
        .replaceAll(new URL(pullpass.url).host, 'localhost:8080')
        .replaceAll(registry.address, 'localhost:5000');
    const shown = await screens();
    expect(shown.length).toBeGreaterThan(5);
    for (const { command, output } of shown) {
      const typed = command.replaceAll('http://localhost:8080', pullpass.url);
      // docker warns on standard error that it keeps passwords in a file.
      const result = await run('bash', ['-ec', `${typed} 2> errors || cat errors`], { env, cwd: home });
      const printed = timeless(toDocument(result.output));
      expect(shortenedLike(timeless(output), printed), command).toBe(timeless(output));
    }
  });
});
