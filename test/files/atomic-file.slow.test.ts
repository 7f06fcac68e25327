/** A file that cannot be written, for a fault of the disk: the error says which, and what was there before stays. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildShim } from '../store/faults/shim.ts';

const { ENOSPC, EIO, EDQUOT } = constants.errno;
const MODULE = join(import.meta.dirname, '..', '..', 'lib', 'files', 'atomic-file.ts');
const REPLACE = `
  const { replaceFile } = await import(${JSON.stringify(MODULE)});
  await replaceFile(process.argv[1], 'new', 0o600).catch(error => console.log(error.message));`;

let work = '';
let shim = '';
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'pullpass-files-'));
  shim = await buildShim(work);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

it.each([
  ['write', ENOSPC, 'ENOSPC: no space left on device, write'],
  ['write', EDQUOT, 'EDQUOT: disk quota exceeded, write'],
  ['write', EIO, 'EIO: i/o error, write'],
  ['sync', EIO, 'EIO: i/o error, fsync'],
])('of %s with error %s', async (call, errno, cause) => {
  const directory = mkdtempSync(join(work, 'data-'));
  const [path, armFile] = [join(directory, 'ring.json'), `${directory}.arm`];
  writeFileSync(path, 'old');
  writeFileSync(armFile, Uint8Array.of(1));
  const env = {
    ...process.env,
    ...{ LD_PRELOAD: shim, FAULT_DIR: directory, FAULT_ARM: armFile, FAULT: `${call}:1:8:${errno}` },
  };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', REPLACE, path],
    { env },
  );
  expect(stdout).toMatch(new RegExp(`^${path}\\.\\S+ cannot be written: `));
  expect(stdout).toContain(cause);
  expect([readdirSync(directory), readFileSync(path, 'utf8')]).toEqual([['ring.json'], 'old']);
});
