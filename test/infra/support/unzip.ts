/** Reads an archive by its central directory (PKWARE APPNOTE 4.3.12), as far as one for Lambda goes. */
import { inflateRawSync } from 'node:zlib';

export interface Entry {
  readonly name: string;
  /** Of the file, as Unix has it. */
  readonly mode: number;
  /** Date and time as DOS has them, in one number. */
  readonly time: number;
  readonly content: Buffer;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;

/** The entries of an archive without a comment. Throws for anything else. */
export function unzip(archive: Buffer): Entry[] {
  const end = archive.length - END_BYTES;
  if (archive.readUInt32LE(end) !== END) throw new Error('no archive');
  const entries: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new Error('no entry');
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map(offset =>
      archive.readUInt16LE(at + offset),
    ) as [number, number, number];
    entries.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameBytes),
      mode: archive.readUInt32LE(at + 38) >>> 16,
      time: archive.readUInt32LE(at + 12),
      content: contentOf(archive, archive.readUInt32LE(at + 42), archive.readUInt32LE(at + 20)),
    });
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

function contentOf(archive: Buffer, at: number, bytes: number): Buffer {
  const start = at + 30 + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const packed = archive.subarray(start, start + bytes);
  return archive.readUInt16LE(at + 8) === 0 ? packed : inflateRawSync(packed);
}
