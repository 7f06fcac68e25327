/** The installed Node is compared with a release: of a stand-in for the Node project's server, which has the same files and names. */
import { execFile, execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64';
const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).optionalDependencies[
  `node-linux-${ARCH}`
];
const NAME = `node-v${VERSION}-linux-${ARCH}`;

let work: string;
let genuine: Buffer;
const served = new Map<string, Buffer>();
const server = createServer(({ url = '' }, response) => {
  const body = served.get(url);
  response.writeHead(body === undefined ? 404 : 200).end(body);
});
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'pullpass-node-'));
  genuine = archiveWith(() => {});
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  rmSync(work, { recursive: true });
});

function archiveWith(change: (node: string) => void): Buffer {
  mkdirSync(join(work, NAME, 'bin'), { recursive: true });
  const node = join(work, NAME, 'bin', 'node');
  cpSync(join(ROOT, 'node_modules', `node-linux-${ARCH}`, 'bin', 'node'), node);
  change(node);
  execFileSync('tar', ['-I', 'gzip -1', '-C', work, '-cf', join(work, 'archive'), NAME]);
  return readFileSync(join(work, 'archive'));
}

function verify(archive: Buffer, list: string): Promise<{ stdout: string }> {
  served.set(`/v${VERSION}/SHASUMS256.txt`, Buffer.from(list));
  served.set(`/v${VERSION}/${NAME}.tar.gz`, archive);
  const { port } = server.address() as AddressInfo;
  const script = join(ROOT, 'infra/verify-node.ts');
  return promisify(execFile)(process.execPath, [script, `http://127.0.0.1:${port}`]);
}

const listOf = (archive: Buffer) =>
  `${'0'.repeat(64)}  node-v${VERSION}.pkg\n${hash('sha256', archive)}  ${NAME}.tar.gz\n`;

it('is accepted when it is the one of the release', async () => {
  const { stdout } = await verify(genuine, listOf(genuine));
  expect(stdout).toBe(
    `node-linux-${ARCH} ${VERSION} is the Node of ${NAME}.tar.gz, SHA-256 ${hash('sha256', genuine)}.\n`,
  );
});

it('is refused when one byte differs from that of the release', async () => {
  const other = archiveWith(node => {
    const bytes = readFileSync(node);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(node, bytes);
  });
  await expect(verify(other, listOf(other))).rejects.toThrow(`is not the Node of ${NAME}.tar.gz.`);
});

it('is refused when the archive is not the one that the release lists, or is not listed', async () => {
  await expect(verify(genuine, listOf(Buffer.from('other')))).rejects.toThrow(
    `${NAME}.tar.gz is not what SHASUMS256.txt names.`,
  );
  await expect(verify(genuine, '')).rejects.toThrow(`SHASUMS256.txt does not name ${NAME}.tar.gz.`);
});
