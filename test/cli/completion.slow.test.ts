/** What a real bash completes, with the command as a process. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { describeCompletions } from './support/completions.ts';
import type { Shell } from './support/shell.ts';

const COMMAND = join(import.meta.dirname, '../../cli/pullpass.ts');

/** Presses the tab key at the end of each line that it reads. */
const SCRIPT = `
  source <(pullpass completion bash) || exit 1
  complete -p pullpass >/dev/null || exit 1
  while IFS= read -r COMP_LINE; do
    COMP_POINT=\${#COMP_LINE} COMPREPLY=()
    _pullpass
    echo "\${COMPREPLY[*]}"
  done`;

async function inBash(shell: Shell, lines: readonly string[]): Promise<string[][]> {
  const bin = await installed(shell);
  const env = { PATH: `${bin}:${process.env.PATH}`, PULLPASS_HOME: shell.home.directory };
  const bash = promisify(execFile)('bash', ['--norc', '-c', SCRIPT], { env });
  bash.child.stdin?.end(`${lines.join('\n')}\n`);
  const { stdout, stderr } = await bash;
  expect(stderr).toBe('');
  const offers = stdout.replace(/\n$/, '').split('\n');
  return offers.map(line => line.split(' ').filter(word => word !== ''));
}

/** Answers the directory that `pullpass` is in. */
async function installed(shell: Shell): Promise<string> {
  const bin = join(shell.directory, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'pullpass'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
  await chmod(join(bin, 'pullpass'), 0o755);
  return bin;
}

// Readline has split the word at the colon, and wants only what follows.
describeCompletions('bash', inBash, '8080');
