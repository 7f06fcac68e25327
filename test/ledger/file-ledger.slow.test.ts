/** Entries of the file ledger survive a killed process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fileLedger } from '../../lib/ledger/file-ledger.ts';
import { readLedger } from '../contracts/ledger.ts';

it('a ledger in a directory has every entry that was acknowledged before the process was killed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-ledger-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const program = new URL('./append-forever.ts', import.meta.url).pathname;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [program, directory, `${round}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acknowledged = '';
    child.stdout.on('data', chunk => {
      acknowledged += chunk;
    });
    while (acknowledged.split('\n').length < 20 + round) await new Promise(resolve => setTimeout(resolve, 2));
    child.kill('SIGKILL');
    await once(child, 'close');
    const kept = new Set(
      (await readLedger(fileLedger(directory))).all.map(entry => 'claim' in entry && entry.claim.epoch),
    );
    const lost = acknowledged
      .split('\n')
      .slice(0, -1)
      .filter(epoch => !kept.has(Number(epoch)));
    expect(lost).toEqual([]);
  }
});
