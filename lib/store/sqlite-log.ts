/** Finds damage in SQLite's write-ahead log, which SQLite itself takes for the log's end: what follows would be lost without a word. */
import { readFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * Where the log (https://sqlite.org/fileformat2.html#the_write_ahead_log) is damaged, as an offset; undefined: nowhere. The last
 * transaction may be incomplete: after a power cut it is one that was never acknowledged.
 */
export function findLogDamage(log: Buffer): number | undefined {
  if (log.length < HEADER_BYTES) return undefined;
  const checksum = checksumOf(log);
  const header = checksum(log.subarray(0, 24), [0, 0]);
  if (!equals(header, pairAt(log, 24))) return 0;

  const frames = framesOf(log);
  const salts = log.subarray(16, 24);
  const isCurrent = ({ head }: Frame) => head.subarray(8, 16).equals(salts);
  let previous = header;
  const damaged = frames.findIndex(frame => {
    const [own, before] = [pairAt(frame.head, 16), previous];
    previous = own;
    const found = checksum(frame.page, checksum(frame.head.subarray(0, 8), before));
    return !isCurrent(frame) || !equals(found, own);
  });
  // A transaction begins only when the one before it is on the disk. Between its frames may be those of an older log.
  const end = frames.findIndex((frame, i) => i >= damaged && frame.isCommit && isCurrent(frame));
  const hasLaterTransaction = end !== -1 && frames.slice(end + 1).some(isCurrent);
  return hasLaterTransaction ? frames[damaged]?.at : undefined;
}

/** Throws, with file and offset, for a log that is damaged. One that is missing is empty. */
export function checkLog(path: string): void {
  const at = findLogDamage(readIfThere(path));
  if (at !== undefined) throw new Error(`${path} is damaged at byte ${at}`);
}

interface Frame {
  readonly at: number;
  readonly head: Buffer;
  readonly page: Buffer;
  readonly isCommit: boolean;
}

function framesOf(log: Buffer): Frame[] {
  const bytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  return Array.from({ length: Math.floor((log.length - HEADER_BYTES) / bytes) }, (_, i) => {
    const at = HEADER_BYTES + i * bytes;
    const head = log.subarray(at, at + FRAME_HEADER_BYTES);
    const page = log.subarray(at + FRAME_HEADER_BYTES, at + bytes);
    return { at, head, page, isCommit: head.readUInt32BE(4) !== 0 };
  });
}

type Pair = readonly [number, number];

/** The log's checksum, in the byte order that its first bytes name. It goes on from the pair of what is before. */
function checksumOf(log: Buffer): (bytes: Buffer, from: Pair) => Pair {
  const isBigEndian = (log.readUInt32BE(0) & 1) === 1;
  return (bytes, from) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let [first, second] = from;
    for (let at = 0; at < bytes.length; at += 8) {
      first = (first + view.getUint32(at, !isBigEndian) + second) >>> 0;
      second = (second + view.getUint32(at + 4, !isBigEndian) + first) >>> 0;
    }
    return [first, second];
  };
}

function pairAt(bytes: Buffer, at: number): Pair {
  return [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
}

function equals(pair: Pair, other: Pair): boolean {
  return pair[0] === other[0] && pair[1] === other[1];
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
