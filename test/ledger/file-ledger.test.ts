import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RevocationEntry } from '../../lib/domain/revocation.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { fileLedger, forgetOldDays, openLedgerDirectory } from '../../lib/ledger/file-ledger.ts';
import { anEntry, ledgerContract, readLedger } from '../contracts/ledger.ts';
import { rejectionOf } from '../support/errors.ts';
import { aClaim, NOW } from '../support/records.ts';

const DAY_MS = DAY_SECONDS * 1000;
const FILE = '2026-11-21.jsonl';

async function newDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pullpass-ledger-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const entry = (epoch: number, at = NOW * 1000): RevocationEntry =>
  anEntry({ act: 'write-claim', claim: aClaim({ epoch }) }, at);
const epochsIn = async (directory: string) =>
  (await readLedger(fileLedger(directory))).all.map(read => 'claim' in read && read.claim.epoch);

ledgerContract(async () => fileLedger(await newDirectory()));

describe('the ledger on one machine', () => {
  it('is for its owner only, a line for each entry, a file for each day', async () => {
    const directory = join(await newDirectory(), 'ledger');
    const ledger = fileLedger(directory);
    await ledger.append(entry(1));
    await ledger.append(entry(2));
    await ledger.append(entry(3, NOW * 1000 + DAY_MS));
    expect(await readdir(directory)).toEqual([FILE, '2026-11-22.jsonl']);
    expect((await readFile(join(directory, FILE), 'utf8')).split('\n')).toHaveLength(3);
    const modes = [directory, join(directory, FILE)].map(async path => (await stat(path)).mode & 0o777);
    expect(await Promise.all(modes)).toEqual([0o700, 0o600]);
  });

  it('reads over an entry that was torn off anywhere, and puts the next one in its place', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    await ledger.append(entry(1));
    const { size: whole } = await stat(join(directory, FILE));
    await ledger.append(entry(2));
    const { size } = await stat(join(directory, FILE));
    const text = await readFile(join(directory, FILE));
    for (let length = whole; length < size; length += 7) {
      await writeFile(join(directory, FILE), text);
      await truncate(join(directory, FILE), length);
      expect(await epochsIn(directory)).toEqual([1]);
      await fileLedger(directory).append(entry(3));
      expect(await epochsIn(directory)).toEqual([1, 3]);
    }
  });

  it('reads over a torn entry that is longer than what is read at once', async () => {
    const directory = await newDirectory();
    await fileLedger(directory).append(entry(1));
    await appendFile(join(directory, FILE), 'x'.repeat(300_000));
    expect(await epochsIn(directory)).toEqual([1]);
    await fileLedger(directory).append(entry(2));
    expect(await epochsIn(directory)).toEqual([1, 2]);
  });

  it('takes no whole line that it did not write for a torn one', async () => {
    const directory = await newDirectory();
    await fileLedger(directory).append(entry(1));
    await appendFile(join(directory, FILE), '{"act":"write-cl\n');
    expect((await rejectionOf(readLedger(fileLedger(directory)))).code).toBe('internal');
  });

  it('keeps every one of many entries at once', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    const epochs = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(epochs.map(epoch => ledger.append(entry(epoch))));
    expect(await epochsIn(directory)).toEqual(epochs);
  });

  it('says so when an entry could not be kept, and keeps the next', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(join(directory, 'ledger'));
    await writeFile(join(directory, 'ledger'), 'in the way');
    expect((await rejectionOf(ledger.append(entry(1)))).code).toBe('unavailable');
    await rm(join(directory, 'ledger'));
    await ledger.append(entry(2));
    expect(await epochsIn(join(directory, 'ledger'))).toEqual([2]);
  });

  it('has every entry that was acknowledged before the process was killed', async () => {
    const directory = await newDirectory();
    const program = new URL('./append-forever.ts', import.meta.url).pathname;
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [program, directory, `${round}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let acknowledged = '';
      child.stdout.on('data', chunk => {
        acknowledged += chunk;
      });
      while (acknowledged.split('\n').length < 20 + round)
        await new Promise(resolve => setTimeout(resolve, 2));
      child.kill('SIGKILL');
      await once(child, 'close');
      const kept = new Set(await epochsIn(directory));
      const lost = acknowledged
        .split('\n')
        .slice(0, -1)
        .filter(epoch => !kept.has(Number(epoch)));
      expect(lost).toEqual([]);
    }
  });

  it('forgets whole days after 36 of them, and nothing else', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    for (const days of [38, 37, 36, 35, 0]) await ledger.append(entry(days, NOW * 1000 - days * DAY_MS));
    await writeFile(join(directory, 'table.json'), '');
    await forgetOldDays(directory, NOW * 1000);
    expect(await epochsIn(directory)).toEqual([36, 35, 0]);
    expect(await readdir(directory)).toHaveLength(4);
    await forgetOldDays(join(directory, 'missing'), NOW * 1000);
  });
});

describe('the directory of the ledger', () => {
  it('is made for its owner only', async () => {
    const directory = join(await newDirectory(), 'a', 'ledger');
    await openLedgerDirectory(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it.each([0o755, 0o710, 0o702])('is refused with mode %o', async mode => {
    const directory = await newDirectory();
    await chmod(directory, mode);
    await expect(openLedgerDirectory(directory)).rejects.toThrow(`close it with: chmod 700 ${directory}`);
  });
});
