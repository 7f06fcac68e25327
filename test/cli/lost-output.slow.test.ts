/** The programs as real processes whose output goes to a full disk, a closed pipe, or a file that may not grow. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBash } from './support/bash.ts';
import { shell, useShell } from './support/setup.ts';

useShell();

const bash = (line: string) => runBash(line, shell);

const FULL = 'Standard output cannot be written: no space is left on the device.';
const CLOSED = 'Standard output was closed before everything was written.';

describe('output to', () => {
  it.for<[to: string, line: string, stderr: string]>([
    ['a full disk', '$pullpass --help > /dev/full', `error: ${FULL}\n`],
    ['a full disk, by the helper', '$helper version > /dev/full', `docker-credential-pullpass: ${FULL}\n`],
    ['a pipe that is closed', '(sleep 0.3; $pullpass --help) | true; exit $PIPESTATUS', `error: ${CLOSED}\n`],
    [
      'a pipe that is closed, by the helper',
      '(sleep 0.3; $helper version) | true; exit $PIPESTATUS',
      `docker-credential-pullpass: ${CLOSED}\n`,
    ],
  ])('%s is one line and exit code 1', async ([, line, stderr]) => {
    expect(await bash(line)).toEqual({ code: 1, stdout: '', stderr });
  });

  it('a full disk, with the errors too, is exit code 1', async () => {
    expect(await bash('$pullpass --help > /dev/full 2>&1')).toEqual({ code: 1, stdout: '', stderr: '' });
    expect(await bash('$provider > /dev/full 2>&1')).toEqual({ code: 2, stdout: '', stderr: '' });
  });

  it('a file that takes only a part is one line and exit code 1', async () => {
    const { code, stderr } = await bash('ulimit -f 1; $pullpass --help > help');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: Standard output cannot be written: the file would be larger than is allowed here.\n',
    });
    expect((await stat(join(shell.directory, 'help'))).size).toBe(1024);
  });

  it('a file is appended to', async () => {
    const { code } = await bash('echo before > help; $pullpass --version >> help; echo after >> help');
    expect(code).toBe(0);
    expect(await readFile(join(shell.directory, 'help'), 'utf8')).toMatch(/^before\n\d\S+\nafter\n$/);
  });

  it('a reader that reads everything is complete', async () => {
    expect(await bash('$pullpass --help | cat | tail -1')).toMatchObject({ code: 0, stderr: '' });
  });
});

it('an error that was not expected is one line without a stack', async () => {
  const fault = 'data:text/javascript,setTimeout(()=>{throw(new(Error)(`a\\u001bb`))},50)';
  const line = `sleep 2 | NODE_OPTIONS='--import ${fault}' $helper get`;
  const stderr = 'docker-credential-pullpass: internal error: a\\u001bb\n';
  expect(await bash(line)).toEqual({ code: 1, stdout: '', stderr });
});
