/** Where a path leads: every link is followed, and a name for a stream of this process is recognised as one. */
import type { Stats } from 'node:fs';
import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode } from '../errors.ts';

export type Destination =
  /** `/dev/stdout` and the like: what is written goes after what was written there before. */
  | { readonly kind: 'stream'; readonly descriptor: number }
  /** A pipe, a terminal or another device. */
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly status: Stats }
  | { readonly kind: 'new'; readonly path: string };

const STANDARD_OUTPUT = 1;

/** On Linux a link that only looks like one to a path: opened, a file would be emptied, and a socket refused. */
const STREAM = /^\/(?:dev|proc\/(\d+|self))\/fd\/(\d+)$/;
const MOST_LINKS = 40;

/** Throws the error of the system when the path leads to a directory, or nowhere. */
export async function destinationOf(path: string): Promise<Destination> {
  const last = await followed(path);
  const [, process, descriptor] = STREAM.exec(last) ?? [];
  if (descriptor !== undefined && isOwn(process)) return { kind: 'stream', descriptor: Number(descriptor) };
  const status = await stat(last).catch(absent);
  const isDirectory = status?.isDirectory() ?? path.endsWith('/');
  if (isDirectory) throw systemError('EISDIR');
  if (status === undefined) return { kind: 'new', path: last };
  if (path.endsWith('/')) throw systemError('ENOTDIR');
  return status.isFile() ? { kind: 'file', path: last, status } : { kind: 'device', path: last };
}

export function isStandardOutputStream(destination: Destination): boolean {
  return destination.kind === 'stream' && destination.descriptor === STANDARD_OUTPUT;
}

/** The path behind all links, also behind one to a file that is not there yet. */
async function followed(path: string): Promise<string> {
  let current = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    current = join(await realpath(dirname(current)), basename(current));
    if (STREAM.test(current)) return current;
    const link = await readlink(current).catch(() => undefined);
    if (link === undefined) return current;
    current = resolve(dirname(current), link);
  }
  throw systemError('ELOOP');
}

function isOwn(pid: string | undefined): boolean {
  return pid === undefined || pid === 'self' || Number(pid) === process.pid;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function absent(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}
