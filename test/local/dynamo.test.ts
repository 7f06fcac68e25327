import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Two thousand that stayed in memory would take more than twice as much. */
const MOST_BYTES = 1_000_000;

it('keeps nothing of a Query that it has answered', async () => {
  const path = await mkdtemp(join(tmpdir(), 'pullpass-dynamo-'));
  const script = join(import.meta.dirname, 'query-often.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, path]);
  await rm(path, { recursive: true });
  expect(Number(stdout)).toBeLessThan(MOST_BYTES);
});
