/** The command as a process of its own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

export const PULLPASS = join(import.meta.dirname, '../../../cli/pullpass.ts');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with these variables and no others. */
export function runProgram(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [PULLPASS, ...args], { env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}
