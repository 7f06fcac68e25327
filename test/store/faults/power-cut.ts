/** What a power cut leaves of files: all that was synced, and of what was not, any part. */
import { basename } from 'node:path';

/** One change of a file: a write, a truncation, a sync, a deletion. */
export interface Change {
  readonly kind: 's' | 't' | 'u' | 'w';
  readonly path: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The files after a power cut, and what had been acknowledged before it. */
export interface Image {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly acknowledged: string;
}

export interface Cutting {
  /** Where the files are; the one named `acks` has the acknowledgements. */
  readonly directory: string;
  readonly cuts: number;
}

/** A disk writes a sector whole or not at all. */
const SECTOR_BYTES = 512;

/** Reads what io-faults.c has recorded. */
export function readTrace(trace: Buffer): Change[] {
  const changes: Change[] = [];
  for (let at = 0; at < trace.length; ) {
    const end = trace.indexOf('\n', at);
    const [kind, path = '', offset, length] = trace.toString('utf8', at, end).split('\t');
    const size = kind === 'w' ? Number(length) : 0;
    const bytes = trace.subarray(end + 1, end + 1 + size);
    changes.push({ kind: kind as Change['kind'], path, offset: Number(offset), bytes });
    at = end + 1 + size;
  }
  return changes;
}

/** Images of power cuts, spread evenly over the trace, in its order. */
export function* imagesOf(changes: readonly Change[], { directory, cuts }: Cutting): Generator<Image> {
  const own = changes.filter(({ path }) => path.startsWith(`${directory}/`));
  const files = new Map<string, TracedFile>();
  let acknowledged = '';
  for (const [i, change] of own.entries()) {
    const name = basename(change.path);
    if (name === 'acks') acknowledged += Buffer.from(change.bytes).toString();
    else follow(files, name, change);
    const cut = Math.floor(((i + 1) * cuts) / own.length);
    if (cut > Math.floor((i * cuts) / own.length)) {
      const random = randomFrom(cut);
      const left = [...files].map(([of, file]) => [of, contentAfterCut(file, random)] as const);
      yield { files: new Map(left), acknowledged };
    }
  }
}

/** What is on the disk for certain, and the changes since the last sync. */
interface TracedFile {
  synced: Buffer;
  pending: Change[];
}

/** Names are kept by the file system's own journal, in order. */
function follow(files: Map<string, TracedFile>, name: string, change: Change): void {
  if (change.kind === 'u') {
    files.delete(name);
    return;
  }
  const file = files.get(name) ?? { synced: Buffer.alloc(0), pending: [] };
  files.set(name, file);
  if (change.kind !== 's') {
    file.pending.push(change);
    return;
  }
  file.synced = file.pending.reduce<Buffer>(
    (content, pending) => apply(content, pending, () => true),
    file.synced,
  );
  file.pending = [];
}

/** Of what was not synced, any sector may be there or not. */
function contentAfterCut({ synced, pending }: TracedFile, random: () => number): Uint8Array {
  return pending.reduce<Buffer>(
    (content, change) => apply(content, change, () => random() < 0.5),
    Buffer.from(synced),
  );
}

function apply(content: Buffer, { kind, offset, bytes }: Change, keeps: () => boolean): Buffer {
  if (kind === 't') return keeps() ? resized(content, offset) : content;
  const after = resized(content, Math.max(content.length, offset + bytes.length));
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
    if (keeps()) after.set(bytes.subarray(at, end), offset + at);
    at = end;
  }
  return after;
}

function resized(content: Buffer, length: number): Buffer {
  if (length <= content.length) return content.subarray(0, length);
  return Buffer.concat([content, Buffer.alloc(length - content.length)]);
}

/** The same numbers for the same seed (Lehmer). */
function randomFrom(seed: number): () => number {
  let state = seed * 48_271;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
