/** A CNCF distribution 3 with one image, that redirects its clients to a storage elsewhere for layers. */
import { spawn } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/e2e/support/ports.ts';
import { tool } from '../../test/e2e/support/tools.ts';
import { onCore } from './cores.ts';
import { answering } from './ports.ts';
import type { Server } from './server.ts';

export interface Image {
  readonly layer: string;
}

export interface Distribution {
  readonly server: Omit<Server, 'ask'>;
  /** Under the tag v1. */
  readonly image: Image;
  close(): Promise<void>;
}

const STORAGE = 'https://storage.example';
const TYPE = 'application/vnd.oci.image';

export async function openDistribution(repository: string): Promise<Distribution> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-bench-registry-'));
  const port = await freePort();
  const config = join(directory, 'config.json');
  const middleware = { storage: [{ name: 'redirect', options: { baseurl: STORAGE } }] };
  const storage = { filesystem: { rootdirectory: join(directory, 'data') } };
  const http = { addr: `127.0.0.1:${port}` };
  const log = { level: 'error', accesslog: { disabled: true } };
  await writeFile(config, JSON.stringify({ version: '0.1', log, storage, middleware, http }));
  const [file, parameters] = onCore('measured', [tool('registry3'), 'serve', config]);
  const env = { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' };
  const child = spawn(file, parameters, { env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  const stop = () => void child.kill();
  process.once('exit', stop);
  const url = `http://127.0.0.1:${port}/v2/`;
  await answering(url);
  const image = await push(`${url}${repository}`);
  const close = async () => {
    process.off('exit', stop);
    stop();
    await exited;
    await rm(directory, { recursive: true });
  };
  return { server: { pid: child.pid ?? 0, port, close }, image, close };
}

/** An image of one layer. */
async function push(repository: string): Promise<Image> {
  const [config, layer] = await Promise.all([
    pushBlob(repository, `${TYPE}.config.v1+json`, Buffer.from('{"architecture":"amd64","os":"linux"}')),
    pushBlob(repository, `${TYPE}.layer.v1.tar`, randomBytes(1024)),
  ]);
  const mediaType = `${TYPE}.manifest.v1+json`;
  await accepted(`${repository}/manifests/v1`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }),
  });
  return { layer: layer.digest };
}

async function pushBlob(repository: string, mediaType: string, bytes: Buffer) {
  const digest = `sha256:${hash('sha256', bytes)}`;
  const begun = await accepted(`${repository}/blobs/uploads/`, { method: 'POST' });
  const upload = new URL(begun.headers.get('location') ?? '', repository);
  upload.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await accepted(upload.href, { method: 'PUT', headers, body: new Uint8Array(bytes) });
  return { mediaType, digest, size: bytes.length };
}

async function accepted(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${init.method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
