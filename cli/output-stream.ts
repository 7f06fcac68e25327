/** Standard output and standard error, as streams that say when a text could not be written as a whole. */
import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import type { Sink } from './terminal.ts';

/** The stream of one of the two, by its file descriptor. */
export function outputStream(descriptor: 1 | 2): Sink {
  if (isFile(descriptor)) return fileStream(descriptor);
  return descriptor === 1 ? process.stdout : process.stderr;
}

function isFile(descriptor: number): boolean {
  const status = fstatSync(descriptor);
  return status.isFile() || (status.isCharacterDevice() && !isatty(descriptor));
}

/** Node's own stream for files drops the rest when the system takes a part of a text, as a disk does that is nearly full. */
function fileStream(descriptor: number): Writable {
  const write = (chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void) => {
    try {
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(descriptor, chunk, offset);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  return new Writable({ write });
}
