/** The command line as a user has it: packed, and installed from the packed file. */
import { join } from 'node:path';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './directories.ts';
import { type Result, run } from './processes.ts';

const INSTALL_MS = 120_000;

export interface InstalledCli {
  /** The directory of the commands. */
  readonly bin: string;
  /** What `npm run build:cli` has packed. */
  readonly tarball: string;
  /** A user's home, and the variables of a shell that finds the commands. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  pullpass(args: readonly string[], input?: string): Promise<Result>;
  remove(): Promise<void>;
}

/** Packs the command and installs it with `npm install --global` into a directory of its own. */
export async function installCli(): Promise<InstalledCli> {
  const prefix = await newDirectory('prefix');
  const home = await newDirectory('home');
  const environment = bareEnvironment(home);
  const tarball = await packCli();
  const args = ['install', '--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund', tarball];
  await succeed('npm', args, environment);
  const bin = join(prefix, 'bin');
  const env = { ...environment, PATH: `${bin}:${environment.PATH}` };
  return {
    bin,
    tarball,
    home,
    env,
    pullpass: (given, input = '') => run(join(bin, 'pullpass'), given, { env, input }),
    async remove() {
      for (const directory of [prefix, home]) await removeDirectory(directory);
    },
  };
}

/** Answers the path of the packed file. */
export async function packCli(): Promise<string> {
  const output = await succeed('npm', ['run', '--silent', 'build:cli'], process.env);
  const [path] = /\.build\/\S+\.tgz/.exec(output) ?? [];
  if (path === undefined) throw new Error(`nothing was packed: ${output}`);
  return join(PROJECT, path);
}

async function succeed(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { code, output } = await run(command, args, { env, cwd: PROJECT, timeoutMs: INSTALL_MS });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
}
