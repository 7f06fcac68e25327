/** What a real bash completes, with the command as a process. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Shell } from './support/shell.ts';
import { Stub } from './support/stub.ts';

const ROOT = join(import.meta.dirname, '../..');
let shell: Shell;
let stub: Stub;
let path: string;
beforeAll(async () => {
  shell = await Shell.open();
  stub = await Stub.deployment();
  for (const name of ['eu', 'eu-2', 'localhost:8080']) await shell.says('target-add', name, stub.url);
  const bin = join(shell.directory, 'bin');
  mkdirSync(bin);
  const command = join(bin, 'pullpass');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'cli/pullpass.ts')}' "$@"\n`);
  chmodSync(command, 0o755);
  path = `${bin}:${process.env.PATH}`;
});
afterAll(async () => {
  await shell.close();
  await stub.close();
});

/** What a press of the tab key at the end of each line offers. */
async function offered(...lines: string[]): Promise<string[][]> {
  const script = `
    source <(pullpass completion bash) || exit 1
    complete -p pullpass >/dev/null || exit 1
    while IFS= read -r COMP_LINE; do
      COMP_POINT=\${#COMP_LINE} COMPREPLY=()
      _pullpass
      echo "\${COMPREPLY[*]}"
    done`;
  const env = { PATH: path, PULLPASS_HOME: shell.home.directory };
  const child = promisify(execFile)('bash', ['--norc', '-c', script], { env });
  child.child.stdin?.end(`${lines.join('\n')}\n`);
  const { stdout, stderr } = await child;
  expect(stderr).toBe('');
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => line.split(' ').filter(word => word !== ''));
}

describe('bash', () => {
  it('completes verbs, in both spellings', async () => {
    const [flat, group, alias] = await offered('pullpass token-', 'pullpass token r', 'pullpass toke');
    expect(flat).toEqual(['add', 'list', 'get', 'rm', 'rotate', 'update'].map(verb => `token-${verb}`));
    expect(group).toEqual(['rm', 'rotate']);
    expect(alias).toContain('tokens');
  });
  it('completes options, their choices, and those that every verb has', async () => {
    const lines = [
      'pullpass token-add --re',
      'pullpass tokens --',
      'pullpass policy-add --role ',
      'pullpass --output j',
    ];
    const [some, all, roles, formats] = await offered(...lines);
    expect(some).toEqual(['--readwrite', '--repository']);
    expect(all).toEqual(expect.arrayContaining(['--format', '--quiet', '--target', '--output', '--help']));
    expect(roles).toEqual(['reader', 'writer', 'manager', 'administrator']);
    expect(formats).toEqual(['json']);
  });
  it('completes targets, also when their names hold a colon', async () => {
    const lines = ['pullpass --target e', 'pullpass target-use ', 'pullpass target rm localhost:8'];
    const [named, used, removed] = await offered(...lines);
    expect(named).toEqual(['eu', 'eu-2']);
    expect(used).toEqual(['eu', 'eu-2', 'localhost:8080']);
    // Readline has taken the word apart at the colon.
    expect(removed).toEqual(['8080']);
  });
  it('does not take the value of an option for a verb', async () => {
    const [words] = await offered('pullpass --target token --output json target-u');
    expect(words).toEqual(['target-use']);
  });
  it('offers nothing for identifiers, texts and unknown verbs', async () => {
    const lines = ['pullpass token-get ', 'pullpass token-add --description ', 'pullpass nonsense '];
    expect(await offered(...lines, 'pullpass completion b')).toEqual([[], [], [], ['bash']]);
  });
});

it('prints a script for bash, zsh and fish, and exits with 2 for any other shell', async () => {
  for (const name of ['bash', 'zsh', 'fish'])
    expect(await shell.says('completion', name)).toContain('pullpass complete --');
  expect((await shell.pullpass(['completion', 'csh'])).code).toBe(2);
});
