/** Writing to a path: links, pipes, devices, modes and owners, and files that must keep their old text. */

import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isStandardOutput, makeDirectory, writeFileAt } from '../../../cli/files/write.ts';
import { shell, useShell } from '../support/setup.ts';
import { asStranger, IS_ROOT, STRANGER } from '../support/stranger.ts';

let directory: string;
useShell();
beforeEach(async () => {
  directory = join(shell.directory, 'files');
  await mkdir(directory);
  await chmod(shell.directory, 0o755);
});
afterEach(async () => {
  await chmod(directory, 0o700);
});

const at = (name: string) => join(directory, name);
const put = (path: string, text = 'new', newMode = 0o600) => writeFileAt(path, { text, newMode });
const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

const mergeThat = (what: string) => ({
  into: () => {
    throw new Error(what);
  },
  alone: <T>(work: () => Promise<T>) => work(),
});

describe('a file that is not there', () => {
  it.each([0o600, 0o644])('has exactly the mode %o, under any umask', async mode => {
    for (const umask of [0, 0o22, 0o777]) {
      const before = process.umask(umask);
      try {
        await put(at(`file-${umask}`), 'new', mode);
      } finally {
        process.umask(before);
      }
      expect(await modeOf(at(`file-${umask}`))).toBe(mode.toString(8));
    }
  });

  it('is made where a link leads that leads nowhere', async () => {
    await mkdir(at('deep'));
    await symlink('deep/../deep/real', at('first'));
    await symlink(at('first'), at('second'));
    await put(at('second'));
    expect(await readFile(at('deep/real'), 'utf8')).toBe('new');
    expect(await readlink(at('second'))).toBe(at('first'));
    expect(await readlink(at('first'))).toBe('deep/../deep/real');
  });

  it('is made behind a link to a directory', async () => {
    await mkdir(at('deep/er'), { recursive: true });
    await symlink('deep/er', at('link'));
    await symlink('../real', at('link/file'));
    await put(at('link/file'));
    expect(await readFile(at('deep/real'), 'utf8')).toBe('new');
  });

  it('may have a name as long as names may be', async () => {
    await put(at('x'.repeat(255)));
    expect(await readdir(directory)).toEqual(['x'.repeat(255)]);
  });
});

describe('a file that is there', () => {
  it.each([0o600, 0o640, 0o644, 0o755, 0o400])('keeps the mode %o', async mode => {
    await writeFile(at('file'), 'a text that is longer');
    await chmod(at('file'), mode);
    expect(await put(at('file'))).toEqual({ mode });
    expect(await modeOf(at('file'))).toBe(mode.toString(8));
    expect(await readFile(at('file'), 'utf8')).toBe('new');
    expect(await readdir(directory)).toEqual(['file']);
  });

  it.runIf(IS_ROOT)('keeps its owner and group when root writes it', async () => {
    await writeFile(at('file'), 'old');
    await chown(at('file'), STRANGER, STRANGER + 1);
    await put(at('file'));
    expect(await stat(at('file'))).toMatchObject({ uid: STRANGER, gid: STRANGER + 1 });
  });

  it.runIf(IS_ROOT)('keeps its owner when another user may write it', async () => {
    await writeFile(at('file'), 'old');
    await chmod(at('file'), 0o666);
    await chown(directory, STRANGER, STRANGER);
    await asStranger(() => put(at('file')));
    expect(await readFile(at('file'), 'utf8')).toBe('new');
    expect(await stat(at('file'))).toMatchObject({ uid: 0, gid: 0 });
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('keeps its links: a symbolic one, and the other names of the file', async () => {
    await writeFile(at('file'), 'old');
    await link(at('file'), at('other'));
    await symlink('file', at('link'));
    await put(at('link'));
    expect(await readFile(at('other'), 'utf8')).toBe('new');
    expect(await readlink(at('link'))).toBe('file');
  });

  it('is written in place where the directory may not be changed', async () => {
    await writeFile(at('file'), 'a text that is longer');
    if (IS_ROOT) await chown(at('file'), STRANGER, STRANGER);
    await chmod(directory, 0o555);
    await asStranger(() => put(at('file')));
    expect(await readFile(at('file'), 'utf8')).toBe('new');
    await asStranger(() => put(at('file'), 'another text, which is longer'));
    expect(await readFile(at('file'), 'utf8')).toBe('another text, which is longer');
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('is replaced where the directory may not be listed', async () => {
    await writeFile(at('file'), 'old');
    if (IS_ROOT) for (const path of [directory, at('file')]) await chown(path, STRANGER, STRANGER);
    await chmod(directory, 0o300);
    await asStranger(() => put(at('file')));
    await chmod(directory, 0o700);
    expect(await readFile(at('file'), 'utf8')).toBe('new');
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('stays as it is where nothing may be written', async () => {
    await writeFile(at('file'), 'old', { mode: 0o444 });
    await chmod(directory, 0o555);
    await expect(asStranger(() => put(at('file')))).rejects.toThrow(
      `${at('file')} cannot be written: permission denied.`,
    );
    expect(await readFile(at('file'), 'utf8')).toBe('old');
  });

  it('stays as it is when its new text is refused', async () => {
    await writeFile(at('file'), 'old');
    const merge = mergeThat('refused');
    await expect(writeFileAt(at('file'), { text: 'new', newMode: 0o600, merge })).rejects.toThrow('refused');
    expect(await readFile(at('file'), 'utf8')).toBe('old');
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('has the additions of all when many add to it at once', async () => {
    await writeFile(at('file'), '');
    const add = (line: string) => ({
      into: (before: Uint8Array) => `${Buffer.from(before)}${line}\n`,
      alone: <T>(work: () => Promise<T>) => shell.home.withLock('files.lock', work),
    });
    const lines = Array.from({ length: 12 }, (_, i) => `line ${i}`);
    const merges = lines.map(line => writeFileAt(at('file'), { text: '', newMode: 0o600, merge: add(line) }));
    await Promise.all(merges);
    expect(new Set((await readFile(at('file'), 'utf8')).trimEnd().split('\n'))).toEqual(new Set(lines));
  });

  it('has one whole text when many write it at once', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(texts.map(text => put(at('file'), text)));
    expect(texts).toContain(await readFile(at('file'), 'utf8'));
    expect(await readdir(directory)).toEqual(['file']);
  });
});

describe('what is not a regular file', () => {
  it('is written through: a pipe', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await symlink('pipe', at('link'));
    const read = readFile(at('pipe'), 'utf8');
    expect(await put(at('link'), 'x'.repeat(200_000))).toEqual({ mode: undefined });
    expect(await read).toBe('x'.repeat(200_000));
    expect((await stat(at('pipe'))).isFIFO()).toBe(true);
  });

  it('is written through: /dev/null, which stays a device', async () => {
    await put('/dev/null');
    await symlink('/dev/null', at('link'));
    await put(at('link'));
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('is no place to merge with', async () => {
    await writeFileAt('/dev/null', { text: 'new', newMode: 0o600, merge: mergeThat('merges') });
  });
});

describe('an error', () => {
  const CASES: Record<string, [path: () => string, reason: string]> = {
    'of a full device': [() => '/dev/full', 'no space is left on the device'],
    'of a directory': [() => directory, 'it is a directory'],
    'of a name that means a directory': [() => at('new/'), 'it is a directory'],
    'of a file as if it were a directory': [() => at('regular/'), 'a part of the path is not a directory'],
    'of a directory that is not there': [() => at('a/b'), 'its directory does not exist'],
    'of a path through a file': [() => at('regular/b'), 'a part of the path is not a directory'],
    'of links in a circle': [() => at('circle'), 'its symbolic links form a loop'],
    'of a name that is too long': [() => at('x'.repeat(256)), 'the path is too long'],
    'of a socket': [() => at('socket'), 'it is a socket, or nothing reads it'],
    'of a stream that is not open': [() => '/dev/fd/987', 'it is not open'],
  };
  it.each(Object.entries(CASES))('%s names the path and the reason', async (_, [path, reason]) => {
    await writeFile(at('regular'), 'old');
    await symlink('circle', at('circle'));
    const server = createServer().listen(at('socket'));
    await new Promise<void>(resolve => server.once('listening', () => resolve()));
    const before = await readdir(directory);
    try {
      await expect(put(path())).rejects.toThrow(`${path()} cannot be written: ${reason}.`);
      expect(await readdir(directory)).toEqual(before);
    } finally {
      server.close();
    }
  });

  it('of a directory that cannot be made names it', async () => {
    await writeFile(at('regular'), 'old');
    await expect(makeDirectory(at('regular'))).rejects.toThrow(
      `${at('regular')} cannot be created: a file has that name.`,
    );
    await expect(makeDirectory(at('regular/b'))).rejects.toThrow('a part of the path is not a directory');
  });
});

it('a path that is empty, as of a variable that is not set, is a mistake', async () => {
  await expect(put('')).rejects.toThrow('The path of the file to write is empty.');
});

describe('standard output', () => {
  it.each(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', '/dev/../dev/stdout'])(
    'is recognised as %s',
    async path => {
      expect(await isStandardOutput(path)).toBe(true);
    },
  );
  it('is recognised behind a link', async () => {
    await symlink('/dev/stdout', at('link'));
    expect(await isStandardOutput(at('link'))).toBe(true);
  });
  it.each(['/dev/stderr', '/dev/fd/0', '/dev/fd/11', '/dev/null', '/nowhere/at/all', 'stdout'])(
    'is not %s',
    async path => {
      expect(await isStandardOutput(path)).toBe(false);
    },
  );
});
