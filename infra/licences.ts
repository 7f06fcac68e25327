/** The licences of bundled packages, which have to be distributed with them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Those that a bundled package may have: each permits distribution with its text. */
export const LICENCES: readonly string[] = ['0BSD', 'Apache-2.0', 'BSD-3-Clause', 'BlueOak-1.0.0', 'MIT'];

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENCE = /^licen[cs]e(?:\.\w+)?$/i;

/** One text with the licence of every package that one of the files belongs to. `inputs` are paths from `root`. */
export async function licencesOf(inputs: Iterable<string>, root: string): Promise<string> {
  const directories = new Set([...inputs].flatMap(path => PACKAGE.exec(path)?.[1] ?? []));
  const texts = await Promise.all([...directories].map(directory => licenceIn(join(root, directory))));
  // A package can be installed several times, at paths that differ between installations.
  return [...new Set(texts)].sort(compare).join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenceIn(directory: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const file = (await readdir(directory)).find(entry => LICENCE.test(entry));
  const text = file === undefined ? '' : await readFile(join(directory, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
