/** The command line as its users have it: packed, and installed from the package. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './directories.ts';
import { type Result, run } from './processes.ts';

export interface CommandLine {
  /** Where `pullpass` and its helpers are, for `PATH`. */
  readonly bin: string;
  remove(): Promise<void>;
}

/** Packs the command line, and installs it with `npm install --global` to a place of its own. */
export async function installCommandLine(): Promise<CommandLine> {
  const prefix = await newDirectory('command-line');
  const env = bareEnvironment(prefix);
  demandSuccess(await run(process.execPath, [join(PROJECT, 'infra', 'build-cli.ts')], { env, cwd: PROJECT }));
  const built = join(PROJECT, '.build');
  const [archive = ''] = (await readdir(built)).filter(name => /^pullpass-.*\.tgz$/.test(name));
  const install = ['install', '--global', '--prefix', prefix, '--offline', join(built, archive)];
  demandSuccess(await run('npm', install, { env }));
  return { bin: join(prefix, 'bin'), remove: () => removeDirectory(prefix) };
}

function demandSuccess({ code, output }: Result): void {
  if (code !== 0) throw new Error(output);
}
