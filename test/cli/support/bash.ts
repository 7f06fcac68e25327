/** Lines of bash in which the programs are real processes: redirections, pipes, limits and mounts. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Outcome, Shell } from './shell.ts';

/** Runs a line in which `$pullpass`, `$helper` and `$provider` are the programs, in the directory of the shell. */
export function runBash(line: string, shell: Shell, variables: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const program = (entry: string) =>
    `${process.execPath} ${join(import.meta.dirname, '../../../cli', `${entry}.ts`)}`;
  const env = {
    PATH: process.env.PATH,
    PULLPASS_HOME: shell.home.directory,
    pullpass: program('pullpass'),
    helper: program('docker-credential-pullpass'),
    provider: program('pullpass-kubelet-provider'),
    ...variables,
  };
  const args = ['--norc', '-c', line];
  return new Promise(resolve => {
    const child = execFile('bash', args, { env, cwd: shell.directory }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
