/** How each program begins and ends: its exit code, and one line for an error that was not expected. */
import { writeSync } from 'node:fs';
import { messageOf } from './errors.ts';
import { type Io, processIo, type Timeouts } from './io.ts';
import { printable } from './text.ts';

const FAILED = 1;

/** What a program gets: the arguments behind its name, and its process. Answers the exit code. */
type Program = (args: readonly string[], io: Io) => Promise<number>;

/** Runs the program as this process. Exits at once when it has ended: requests that are still open no longer matter. */
export function start(name: string, program: Program, timeouts?: Timeouts): void {
  const fail = (error: unknown) => {
    // Node would print a page of minified source and the stack.
    tell(`${name}: internal error: ${messageOf(error)}`);
    process.exit(FAILED);
  };
  process.on('uncaughtException', fail);
  const io = processIo(timeouts);
  program(process.argv.slice(2), io)
    .then(async code => {
      await io.stderr.flushed();
      process.exit(code);
    })
    .catch(fail);
}

function tell(text: string): void {
  try {
    writeSync(process.stderr.fd, `${printable(text)}\n`);
  } catch {
    // Standard error is closed. The exit code still tells.
  }
}
