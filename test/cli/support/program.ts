/** The programs of the CLI as processes of their own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Outcome } from './shell.ts';

/** Runs `cli/<entry>.ts` with these variables and no others. */
export function runProgram(
  entry: string,
  args: readonly string[],
  { env, input = '' }: { readonly env: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Outcome> {
  const path = join(import.meta.dirname, `../../../cli/${entry}.ts`);
  return new Promise(resolve => {
    const child = execFile(process.execPath, [path, ...args], { env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
