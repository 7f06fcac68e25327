/** `npm run verify:node`: compares the Node that npm installed with the release of the Node project, byte for byte. */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const RELEASES = 'https://nodejs.org/dist';
const ROOT = join(import.meta.dirname, '..');
const MAX_NODE_BYTES = 512 * 1024 * 1024;

const [releases = RELEASES] = process.argv.slice(2);
const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const installed = Object.entries<string>(optionalDependencies)
  .map(([name, version]) => ({ name, version, path: join(ROOT, 'node_modules', name, 'bin', 'node') }))
  .filter(({ path }) => existsSync(path));
if (installed.length === 0) throw new Error('npm has installed no Node here; it does on Linux.');
for (const { name, version, path } of installed) {
  const release = `${releases}/v${version}`;
  const archive = `${name.replace('node-', `node-v${version}-`)}.tar.gz`;
  const published = checksumIn((await download(`${release}/SHASUMS256.txt`)).toString(), archive);
  const bytes = await download(`${release}/${archive}`);
  if (hash('sha256', bytes) !== published) throw new Error(`${archive} is not what SHASUMS256.txt names.`);
  if (!nodeIn(bytes, archive).equals(readFileSync(path)))
    throw new Error(`${path} is not the Node of ${archive}.`);
  console.log(`${name} ${version} is the Node of ${archive}, SHA-256 ${published}.`);
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}.`);
  return Buffer.from(await response.arrayBuffer());
}

function checksumIn(list: string, archive: string): string {
  const line = list.split('\n').find(entry => entry.endsWith(`  ${archive}`));
  if (line === undefined) throw new Error(`SHASUMS256.txt does not name ${archive}.`);
  return line.slice(0, 64);
}

function nodeIn(archive: Buffer, name: string): Buffer {
  const member = `${name.replace('.tar.gz', '')}/bin/node`;
  const { status, stdout, stderr } = spawnSync('tar', ['-xzOf', '-', member], {
    input: archive,
    maxBuffer: MAX_NODE_BYTES,
  });
  if (status !== 0) throw new Error(`${name} cannot be read: ${stderr}`);
  return stdout;
}
