/** Appends entries to the ledger in a directory, and prints the number of each that was acknowledged, until it is killed. */
import { randomBytes } from 'node:crypto';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import { fileLedger } from '../../lib/ledger/file-ledger.ts';

const [directory = '', round = ''] = process.argv.slice(2);
const ledger = fileLedger(directory);
const at = Date.UTC(2026, 10, 21, 7);
for (let epoch = Number(round) * 1_000_000; ; epoch += 2) {
  const claim = (number: number) =>
    ({ name: 'team-a', account: 'dev:acme', state: 'held', epoch: number }) as const;
  await Promise.all(
    [epoch, epoch + 1].map(number =>
      ledger
        .append({
          act: 'write-claim',
          claim: claim(number),
          id: uuidV7(at, randomBytes(UUID_RANDOM_BYTES)),
          at,
        })
        .then(() => process.stdout.write(`${number}\n`)),
    ),
  );
}
