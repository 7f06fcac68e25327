/** The files that the data directory has had: one that is gone is missed at the next start, and never silently made anew. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from '../lib/files/atomic-file.ts';
import { directoryName } from '../lib/signing/key-store.ts';
import type { LocalSettings } from './environment.ts';

const NAME = 'manifest.json';

const Manifest = v.strictObject({
  version: v.literal(1),
  /** Paths in the data directory. */
  files: v.array(v.string()),
});

/** What every data directory has had since its first start, also those of versions without a manifest. */
const ALWAYS: readonly (readonly string[])[] = [
  ['store.db', 'store', 'store.db.partial'],
  ['keys/derivation.json'],
  ['keys/credential.json'],
];

/** What cannot be made again as it was. */
const LASTING =
  /^(?:store\.db|keys\/.*\.json|iam\/(?:signing-key\.pem|api-keys\.json)|administrator\.apikey)$/;

/**
 * Throws, naming them, when files are gone that `isNeeded`. Before a first start it notes that there were none, so that one
 * that is cut off is not taken for a loss.
 */
export async function checkManifest(root: string, isNeeded: (path: string) => boolean): Promise<void> {
  const manifest = await readManifest(root);
  if (manifest !== undefined) {
    const gone = await missing(root, manifest.filter(isNeeded));
    if (gone.length > 0) throw new Error(refusal(root, gone, `remove their lines from ${join(root, NAME)}`));
    return;
  }
  const gone: string[] = [];
  for (const names of ALWAYS) {
    if ((await missing(root, names)).length === names.length) gone.push(names.join(' or '));
  }
  if (gone.length === ALWAYS.length) await writeManifest(root, []);
  else if (gone.length > 0) throw new Error(refusal(root, gone, `move ${root} away`));
}

/** Notes the files that are there now. */
export async function recordManifest(root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(entry => entry.isFile())
    .map(entry => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter(path => LASTING.test(path))
    .sort();
  const before = await readManifest(root);
  const all = [...new Set([...(before ?? []), ...files])].sort();
  if (all.join() !== before?.join()) await writeManifest(root, all);
}

/** What is left over from services and an IAM that are no longer configured is not missed. */
export function isNeeded(path: string, { services, developmentIam }: LocalSettings): boolean {
  const [first, second, third] = path.split('/');
  if (first === 'keys' && third !== undefined)
    return services.some(({ name }) => directoryName(name) === second);
  return developmentIam || (first !== 'iam' && first !== 'administrator.apikey');
}

async function readManifest(root: string): Promise<readonly string[] | undefined> {
  const path = join(root, NAME);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return v.parse(Manifest, JSON.parse(text)).files;
  } catch (cause) {
    throw new Error(`${path} is damaged. Restore it from a backup.`, { cause });
  }
}

function writeManifest(root: string, files: readonly string[]): Promise<void> {
  return replaceFile(join(root, NAME), `${JSON.stringify({ version: 1, files }, null, 2)}\n`, 0o600);
}

async function missing(root: string, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(path =>
      stat(join(root, path)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_, i) => !found[i]);
}

function refusal(root: string, gone: readonly string[], anew: string): string {
  return [
    `The data directory ${root} lacks files that it had:`,
    ...gone.map(path => `  ${path}`),
    `Restore them from a backup. To begin anew without what they held, ${anew}.`,
  ].join('\n');
}
