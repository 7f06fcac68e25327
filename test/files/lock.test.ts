/** The lock between processes: one at a time, also when the one that had it has ended without a word. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../lib/files/lock.ts';
import { temporaryDirectory } from '../signing/context.ts';

/** No process has this number: it is more than Linux and macOS give. */
const NO_PROCESS = 2 ** 30;

/** A lock as the process `pid` of this host left it, or is using it. */
async function lockOf(holder: object | string): Promise<string> {
  const path = join(await temporaryDirectory(), 'lock');
  await withLock(path, { patienceMs: 100 }, async () => {
    const [name = ''] = await readdir(join(path, '..'));
    const ours = JSON.parse(await readFile(join(path, '..', name), 'utf8'));
    const text = typeof holder === 'string' ? holder : JSON.stringify({ ...ours, ...holder });
    await writeFile(`${path}.2`, text);
  });
  return path;
}

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
    const done = await Promise.allSettled(
      Array.from({ length: 6 }, () => withLock(path, { patienceMs: 60_000 }, work)),
    );
    expect(done.map(status => (status.status === 'rejected' ? status.reason.message : ''))).toEqual(
      Array(6).fill('failed'),
    );
    expect(most).toBe(1);
  });

  it('leaves one small file behind, however often it was taken', async () => {
    const path = join(await temporaryDirectory(), 'lock');
    for (let times = 0; times < 5; times++) await withLock(path, { patienceMs: 1000 }, async () => undefined);
    expect(await readdir(join(path, '..'))).toEqual(['lock.5']);
  });

  it.each<[string, object]>([
    ['that has ended', { pid: NO_PROCESS }],
    ['whose number another process has now', { startedAt: '1' }],
  ])('is taken at once from a process %s', async (_, holder) => {
    expect(await withLock(await lockOf(holder), { patienceMs: 60_000 }, async () => 'entered')).toBe(
      'entered',
    );
  });

  it.each<[string, object | string]>([
    ['of another host', { host: 'elsewhere' }],
    ['that was killed before it wrote who it is', ''],
  ])('is taken from a process %s when its patience is over, not before', async (_, holder) => {
    const entered = withLock(await lockOf(holder), { patienceMs: 400 }, async () => 'entered');
    expect(await Promise.race([entered, sleep(150, 'waiting')])).toBe('waiting');
    expect(await entered).toBe('entered');
  });

  it('is never taken from a process that is running: the one that waits says which', async () => {
    const path = await lockOf({});
    await expect(withLock(path, { patienceMs: 100 }, async () => 'entered')).rejects.toThrow(
      `${path} is locked by process ${process.pid}, which is still running.`,
    );
  });

  it('is waited for with a word about who has it, once', async () => {
    const path = await lockOf({ host: 'elsewhere' });
    const said: string[] = [];
    const options = { patienceMs: 400, noticeMs: 100, say: (line: string) => said.push(line) };
    expect(await withLock(path, options, async () => 'entered')).toBe('entered');
    expect(said).toEqual([`Waiting for ${path}, which process ${process.pid} on elsewhere has.`]);
  });
});
