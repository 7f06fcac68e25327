/** The one routine for every file that a command writes to a path which the user names. */
import { constants, write as writeBytes } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CliError, systemCode, systemReason, UsageError } from '../errors.ts';
import { type Destination, destinationOf, isStandardOutputStream } from './destination.ts';
import { replace } from './replace.ts';

export interface FileContent {
  readonly text: string;
  /** Of a file that is not there yet; another one keeps its mode and owner. */
  readonly newMode: number;
  readonly merge?: Merge | undefined;
}

/** How to add to a regular file that is there. */
export interface Merge {
  /** The text to write. May throw CliError: then nothing is written. */
  readonly into: (before: Uint8Array) => string;
  /** Runs the work while no other command merges: both would read the same file, and one would write without the other. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What was written to. */
export interface Written {
  /** undefined: a pipe, a device or a stream, where a mode says nothing. */
  readonly mode: number | undefined;
}

const writeTo = promisify(writeBytes);
const RETRY_MS = 10;

/**
 * Writes to a path: through its links, through pipes and devices, and to a regular file so that it has the old text or the
 * new one, also after an error. Throws CliError with the path.
 */
export async function writeFileAt(path: string, content: FileContent): Promise<Written> {
  if (path === '') throw new UsageError('The path of the file to write is empty.');
  try {
    return await writeInto(await destinationOf(path), content);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    // A file that is not there would be created.
    const reason = code === 'ENOENT' ? 'its directory does not exist' : systemReason(error);
    throw new CliError(`${path} cannot be written: ${reason}.`, { code: 'not-written', cause: error });
  }
}

/** Whether what is written to the path is what the command prints: `/dev/stdout`, a link to it, or the usual `-`. */
export async function isStandardOutput(path: string): Promise<boolean> {
  return path === '-' || destinationOf(path).then(isStandardOutputStream, () => false);
}

/** Creates the directory and those above it. Throws CliError with the path. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw new CliError(`${path} cannot be created: ${systemReason(error)}.`, {
      code: 'not-written',
      cause: error,
    });
  });
}

async function writeInto(destination: Destination, content: FileContent): Promise<Written> {
  const { text, newMode, merge } = content;
  switch (destination.kind) {
    case 'stream':
      await writeToStream(destination.descriptor, Buffer.from(text));
      return { mode: undefined };
    case 'device': {
      await using device = await open(destination.path, constants.O_WRONLY);
      await device.writeFile(text);
      return { mode: undefined };
    }
    case 'file': {
      const { path, status: existing } = destination;
      const write = (bytes: Buffer) => replace(path, bytes, { existing, newMode });
      if (merge === undefined) await write(Buffer.from(text));
      else await merge.alone(async () => write(Buffer.from(merge.into(await readFile(path)))));
      return { mode: existing.mode & 0o777 };
    }
    case 'new':
      await replace(destination.path, Buffer.from(text), { existing: undefined, newMode });
      return { mode: newMode };
  }
}

/** Another process may have made the stream one that does not wait. */
async function writeToStream(descriptor: number, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += (await writeTo(descriptor, bytes, offset)).bytesWritten;
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
      await sleep(RETRY_MS);
    }
  }
}
