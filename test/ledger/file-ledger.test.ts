/** The ledger in files: incomplete lines, failed writes, old days and file modes. */
import {
  appendFile,
  chmod,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RevocationEntry } from '../../lib/domain/revocation.ts';
import { DAY_SECONDS, dayOf } from '../../lib/domain/time.ts';
import { formatEntry } from '../../lib/ledger/entry.ts';
import {
  checkLedger,
  deleteOldDays,
  fileLedger,
  missingDays,
  openLedgerDirectory,
  unlistDays,
} from '../../lib/ledger/file-ledger.ts';
import { readRegister, writeRegister } from '../../lib/ledger/files.ts';
import { anEntry, ledgerContract, readLedger } from '../contracts/ledger.ts';
import { rejectionOf } from '../support/errors.ts';
import { aClaim, NOW } from '../support/records.ts';

const DAY_MS = DAY_SECONDS * 1000;
const FILE = '2026-11-21.jsonl';
const NEW_REGISTER = { names: [null], since: NOW * 1000, working: true, days: [] };

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
  it('has a line per entry and a file per day, for its owner only', async () => {
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

  it('ignores an incomplete entry, wherever it was cut, and replaces it by the next', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    await ledger.append(entry(1));
    const { size: whole } = await stat(join(directory, FILE));
    await ledger.append(entry(2));
    const { size } = await stat(join(directory, FILE));
    const text = await readFile(join(directory, FILE));
    // Without its newline alone it would be whole.
    for (let length = whole; length < size - 1; length += 7) {
      await writeFile(join(directory, FILE), text);
      await truncate(join(directory, FILE), length);
      expect(await epochsIn(directory)).toEqual([1]);
      await fileLedger(directory).append(entry(3));
      expect(await epochsIn(directory)).toEqual([1, 3]);
    }
  });

  it('ignores an incomplete entry that is longer than one read', async () => {
    const directory = await newDirectory();
    await fileLedger(directory).append(entry(1));
    await appendFile(join(directory, FILE), 'x'.repeat(300_000));
    expect(await epochsIn(directory)).toEqual([1]);
    await fileLedger(directory).append(entry(2));
    expect(await epochsIn(directory)).toEqual([1, 2]);
  });

  it('refuses a damaged line by its file and number, for a change of any bit', async () => {
    const directory = await newDirectory();
    const path = join(directory, FILE);
    for (const epoch of [1, 2, 3]) await fileLedger(directory).append(entry(epoch));
    const bytes = await readFile(path);
    const second = bytes.indexOf('\n') + 1;
    const lineBytes = bytes.indexOf('\n', second) - second;
    for (let byte = 0; byte < lineBytes; byte++) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(second + byte) ^ (1 << (byte % 7)), second + byte);
      await writeFile(path, damaged);
      const { code, message } = await rejectionOf(readLedger(fileLedger(directory)));
      expect([code, message]).toEqual([
        'internal',
        expect.stringMatching(`^${path}, line [23], is damaged: `),
      ]);
    }
  });

  it('reads lines of an earlier version, which have no checksum', async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, FILE), `${formatEntry(entry(1))}\n`);
    await fileLedger(directory).append(entry(2));
    expect(await epochsIn(directory)).toEqual([1, 2]);
  });

  it('returns what a clock that was far ahead has written', async () => {
    const directory = await newDirectory();
    await fileLedger(directory).append(entry(1, NOW * 1000 + 400 * DAY_MS));
    await fileLedger(directory).append(entry(2));
    expect(await epochsIn(directory)).toEqual([2, 1]);
  });

  it('has one descriptor, however many entries it appends', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    const descriptors = async () => (await readdir('/proc/self/fd')).length;
    await ledger.append(entry(0));
    const before = await descriptors();
    for (let epoch = 1; epoch < 50; epoch++) await ledger.append(entry(epoch));
    expect(await descriptors()).toBe(before);
  });

  it('has an entry of which only the newline is missing, and goes on behind it', async () => {
    const directory = await newDirectory();
    await fileLedger(directory).append(entry(1));
    const { size } = await stat(join(directory, FILE));
    await truncate(join(directory, FILE), size - 1);
    expect(await epochsIn(directory)).toEqual([1]);
    await fileLedger(directory).append(entry(2));
    expect(await epochsIn(directory)).toEqual([1, 2]);
  });

  it('is refused, and not written, when the newline of its last line is damaged: the entry was acknowledged', async () => {
    const directory = await newDirectory();
    for (const epoch of [1, 2]) await fileLedger(directory).append(entry(epoch));
    const text = await readFile(join(directory, FILE), 'utf8');
    await writeFile(join(directory, FILE), text.replace(/\n$/, '\x8a'));
    const { message } = await rejectionOf(readLedger(fileLedger(directory)));
    expect(message).toContain(`${FILE}, line 2, is damaged`);
    expect((await rejectionOf(fileLedger(directory).append(entry(3)))).code).toBe('unavailable');
    expect((await checkLedger(directory)).problems).toHaveLength(1);
  });

  it('says how much of an entry that was never acknowledged was cut off', async () => {
    const directory = await newDirectory();
    await fileLedger(directory).append(entry(1));
    await appendFile(join(directory, FILE), '{"act"');
    const said: string[] = [];
    await fileLedger(directory, line => said.push(line)).append(entry(2));
    expect(said).toEqual([
      `${join(directory, FILE)}: 6 bytes of an entry that was never acknowledged were cut off.`,
    ]);
  });

  it('counts its entries, and names every line that is damaged', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    for (const epoch of [1, 2, 3, 4]) await ledger.append(entry(epoch));
    const lines = (await readFile(join(directory, FILE), 'utf8')).split('\n');
    const damaged = lines.map((line, i) => (i % 2 === 1 ? line.replace('team-a', 'team-b') : line));
    await writeFile(join(directory, FILE), damaged.join('\n'));
    expect(await checkLedger(directory)).toEqual({
      entries: 2,
      problems: [2, 4].map(n => expect.stringContaining(`${FILE}, line ${n}, is damaged`)),
    });
  });

  it('is unavailable when its directory was moved away, though its file is still open', async () => {
    const directory = join(await newDirectory(), 'ledger');
    const ledger = fileLedger(directory);
    await ledger.append(entry(1));
    await rename(directory, `${directory}-away`);
    await writeFile(directory, 'in the way');
    expect((await rejectionOf(ledger.append(entry(2)))).code).toBe('unavailable');
    await rm(directory);
    await rename(`${directory}-away`, directory);
    await ledger.append(entry(3));
    expect(await epochsIn(directory)).toEqual([1, 3]);
  });

  it('stores many entries at once, in their order', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    const epochs = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(epochs.map(epoch => ledger.append(entry(epoch))));
    expect(await epochsIn(directory)).toEqual(epochs);
  });

  it('is unavailable when an entry could not be written, and writes the next', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(join(directory, 'ledger'));
    await writeFile(join(directory, 'ledger'), 'in the way');
    expect((await rejectionOf(ledger.append(entry(1)))).code).toBe('unavailable');
    await rm(join(directory, 'ledger'));
    await ledger.append(entry(2));
    expect(await epochsIn(join(directory, 'ledger'))).toEqual([2]);
  });

  it('deletes days that are older than 36 days where it has many later ones, and nothing else', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    await writeRegister(directory, NEW_REGISTER);
    const nowMs = NOW * 1000 + 75 * DAY_MS;
    for (let day = 0; day <= 75; day++) await ledger.append(entry(day, NOW * 1000 + day * DAY_MS));
    await deleteOldDays(directory, nowMs);
    // The latest 72 stay.
    expect(await readdir(directory)).toHaveLength(73);
    expect((await readRegister(directory))?.days).toHaveLength(72);
    expect((await readRegister(directory))?.days[0]).toBe(dayOf(NOW + 4 * DAY_SECONDS));
    expect(await missingDays(directory, nowMs)).toEqual([]);
    await deleteOldDays(join(directory, 'missing'), nowMs);
  });

  it('deletes nothing by a clock that is 400 days ahead, also of what was appended by it', async () => {
    const directory = await newDirectory();
    const ledger = fileLedger(directory);
    await writeRegister(directory, NEW_REGISTER);
    for (let days = 36; days >= 0; days--) await ledger.append(entry(days, NOW * 1000 - days * DAY_MS));
    await ledger.append(entry(400, NOW * 1000 + 400 * DAY_MS));
    await deleteOldDays(directory, NOW * 1000 + 400 * DAY_MS);
    expect(await epochsIn(directory)).toHaveLength(38);
  });
});

describe('the days of a ledger', () => {
  const at = (days: number) => NOW * 1000 + days * DAY_MS;

  it('are listed in its register, and missed when their file is gone', async () => {
    const directory = await newDirectory();
    await writeRegister(directory, NEW_REGISTER);
    const ledger = fileLedger(directory);
    for (const day of [-1, 0, 0, 1]) await ledger.append(entry(1, at(day)));
    expect((await readRegister(directory))?.days).toEqual(['2026-11-20', '2026-11-21', '2026-11-22']);
    expect(await missingDays(directory, at(1))).toEqual([]);
    await rm(join(directory, FILE));
    expect(await missingDays(directory, at(1))).toEqual([join(directory, FILE)]);
    expect(await missingDays(directory, at(40))).toEqual([]);
    await unlistDays(directory, () => true);
    expect(await missingDays(directory, at(1))).toEqual([]);
  });

  it('that begin at the same time are both listed', async () => {
    const directory = await newDirectory();
    await writeRegister(directory, NEW_REGISTER);
    const ledger = fileLedger(directory);
    await Promise.all([0, 1, 2, 3].map(day => ledger.append(entry(1, at(day)))));
    expect((await readRegister(directory))?.days).toHaveLength(4);
  });

  it('that an earlier version wrote are listed with the next one', async () => {
    const directory = await newDirectory();
    await fileLedger(directory).append(entry(1));
    await writeRegister(directory, NEW_REGISTER);
    await fileLedger(directory).append(entry(2, at(1)));
    expect((await readRegister(directory))?.days).toEqual(['2026-11-21', '2026-11-22']);
  });

  it('are not acknowledged when they cannot be listed', async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'table.json'), 'damaged');
    expect((await rejectionOf(fileLedger(directory).append(entry(1)))).code).toBe('unavailable');
  });
});

describe('the directory of the ledger', () => {
  it('is created for its owner only', async () => {
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
