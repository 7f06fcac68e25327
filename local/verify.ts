/** `npm run verify`: reads everything that one machine has stored, changes nothing, and says what is damaged. */
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { messageOf } from '../lib/domain/errors.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { localSettings } from './environment.ts';
import { type Finding, findKeyDamage, findLedgerDamage, findStoreDamage } from './findings.ts';
import { checkManifest, isNeeded } from './manifest.ts';

/** Exit codes: 0 whole, 1 damaged, 2 not looked at. */
async function main(): Promise<number> {
  const settings = localSettings(process.env);
  // Without this, opening the directory would make it.
  await stat(settings.data);
  const directory = await openDataDirectory(settings.data);
  // One after the other: looking at the store moves its log for a moment.
  const findings = [
    await checkFiles(directory, path => isNeeded(path, settings)),
    await findStoreDamage(directory.store),
    await findKeyDamage(directory, settings.services),
    await findLedgerDamage(settings.ledger, directory.store),
  ];
  const damage = findings.flatMap(finding => finding.damage);
  for (const line of damage) console.error(line);
  if (damage.length > 0) {
    console.error(`${damage.length} damaged. Restore a backup: docs/one-machine.md says how.`);
    return 1;
  }
  const read = findings.map(({ seen }) => seen).filter(seen => seen !== '');
  console.log(`${relative('', settings.data) || '.'} is whole: ${read.join(', ')}.`);
  return 0;
}

async function checkFiles({ root }: DataDirectory, needed: (path: string) => boolean): Promise<Finding> {
  try {
    await checkManifest(root, needed);
    return { seen: '', damage: [] };
  } catch (error) {
    return { seen: '', damage: [String((error as Error).message)] };
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
