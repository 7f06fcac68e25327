/** The lock that is a file: one process at a time, also after one was killed. */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../lib/files/lock.ts';
import { temporaryDirectory } from '../signing/context.ts';

describe('a lock', () => {
  it('runs one piece of work at a time, also after one has failed', async () => {
    const path = join(await temporaryDirectory(), 'lock');
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(5);
      inside--;
      throw new Error('failed');
    };
    const done = await Promise.allSettled(Array.from({ length: 6 }, () => withLock(path, 60_000, work)));
    expect(done.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
    expect(most).toBe(1);
    await expect(stat(path)).rejects.toThrow(/ENOENT/);
  });

  it('is taken over from a process that was killed, but not before its patience is over', async () => {
    const path = join(await temporaryDirectory(), 'lock');
    await writeFile(path, '');
    const entered = withLock(path, 400, async () => 'entered');
    expect(await Promise.race([entered, sleep(150, 'waiting')])).toBe('waiting');
    expect(await entered).toBe('entered');
  });
});
