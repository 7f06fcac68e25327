/** The README's first login, typed as it is written, in a fresh clone. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newDirectory, PROJECT, removeDirectory } from './support/directories.ts';
import { type Running, run, start, until } from './support/processes.ts';
import { tool } from './support/tools.ts';

const INSTALL_MS = 180_000;
const PULLPASS = 'http://localhost:8080';

let home: string;
let clone: string;
let env: NodeJS.ProcessEnv;
const running: Running[] = [];

/** The fenced blocks of the first login, in their order: `sh` is for the second terminal, the others are on their own. */
async function blocks(): Promise<{ shell: string[]; alone: string[] }> {
  const readme = await readFile(join(clone, 'README.md'), 'utf8');
  const section = readme.split('## A first login by hand\n')[1]?.split(/^## /m)[0] ?? '';
  const found = [...section.matchAll(/^```(\w*)\n(.*?)^```/gms)];
  const of = (language: string) =>
    found.filter(([, name]) => name === language).map(([, , text]) => text ?? '');
  return { shell: of('sh'), alone: of('') };
}

function inBackground(script: string): Running {
  // The registry reads every variable that begins with its name as a setting, also the one of the clients.
  const process = start('bash', ['-ec', `unset REGISTRY_AUTH_FILE; ${script}`], { cwd: clone, env });
  running.push(process);
  return process;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status < 500,
    () => false,
  );
}

beforeAll(async () => {
  home = await newDirectory('readme');
  clone = join(home, 'pullpass');
  const storage = join(home, 'storage.conf');
  await writeFile(
    storage,
    `[storage]\ndriver = "vfs"\nrunroot = "${home}/run"\ngraphroot = "${home}/graph"\n`,
  );
  await mkdir(join(home, 'xdg'), { mode: 0o700 });
  env = {
    ...process.env,
    CONTAINERS_STORAGE_CONF: storage,
    REGISTRY_AUTH_FILE: join(home, 'auth.json'),
    XDG_RUNTIME_DIR: join(home, 'xdg'),
  };
  const cloned = await run('git', ['clone', '--quiet', PROJECT, clone], { env });
  expect(cloned).toMatchObject({ code: 0 });
});

afterAll(async () => {
  for (const process of running.reverse()) await process.stop();
  await removeDirectory(home);
});

describe('the first login by hand', () => {
  it('pushes and pulls, is refused after the removal, and pulls from a registry that knows nothing of Pullpass', {
    timeout: INSTALL_MS * 2,
  }, async () => {
    for (const name of ['registry2', 'podman'] as const) tool(name);
    const { shell, alone } = await blocks();
    const [, install = '', serve = '', servePlain = '', startAgain = ''] = alone;
    const [prepare = '', use = '', remove = '', pull = ''] = shell;
    expect(install).toBe('npm ci && npm start\n');

    const broker = inBackground(install);
    await until('npm start', () => answers(`${PULLPASS}/health`), { running: broker, timeoutMs: INSTALL_MS });
    const registry = inBackground(serve);
    await until('the registry', () => answers('http://localhost:5000/v2/'), { running: registry });

    const typed = await run('bash', ['-ec', [prepare, use, remove].join('\n')], { cwd: clone, env });
    expect(typed).toMatchObject({ code: 0 });
    expect(typed.output).toContain('Login Succeeded!');
    expect(typed.output.trimEnd()).toMatch(/invalid username\/password[^\n]*\nrefused, as it should be$/);

    await Promise.all([broker.stop(), registry.stop()]);
    const plain = inBackground(servePlain);
    await until('the plain registry', () => answers('http://localhost:5001/v2/'), { running: plain });
    const again = inBackground(startAgain);
    await until('npm start', () => answers(`${PULLPASS}/health`), { running: again });
    const [admin = ''] = prepare.split('\n');
    const pulled = await run('bash', ['-ec', [admin, pull].join('\n')], { cwd: clone, env });
    expect(pulled, pulled.output).toMatchObject({ code: 0 });
    expect(pulled.output).toContain('Login Succeeded!');
  });
});
