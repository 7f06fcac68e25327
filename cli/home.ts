/** The state file: readable by its owner alone, replaced whole, changed by one command at a time. */
import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../lib/files/atomic-file.ts';
import { withLock } from '../lib/files/lock.ts';
import { CliError } from './failure.ts';
import { EMPTY, readState, type State, writeState } from './state.ts';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const OPEN_TO_OTHERS = 0o077;
/** A change takes milliseconds: whoever holds the lock longer is dead. */
const LOCK_PATIENCE_MS = 2000;

export class Home {
  readonly directory: string;
  readonly #file: string;

  constructor(directory: string) {
    this.directory = directory;
    this.#file = join(directory, 'state.json');
  }

  /** What is remembered. Throws a Failure when others could have read or written it, or it cannot be understood. */
  async read(): Promise<State> {
    await this.#checkDirectory();
    const text = await this.#readFile();
    const state = text === undefined ? EMPTY : readState(text);
    if (state !== undefined) return state;
    throw new CliError(`${this.#file} cannot be understood.`, {
      next: 'Move it away, and add your targets and log in again.',
    });
  }

  /** Replaces what is remembered by what `change` makes of it, while no other command does. Answers the new state. */
  async update(change: (state: State) => State): Promise<State> {
    await mkdir(this.directory, { recursive: true, mode: DIRECTORY_MODE });
    await this.#checkDirectory();
    return withLock(`${this.#file}.lock`, LOCK_PATIENCE_MS, async () => {
      const before = await this.read();
      const after = change(before);
      if (after !== before) await replaceFile(this.#file, writeState(after), FILE_MODE);
      return after;
    });
  }

  /**
   * Does what no other command may do at the same time. Whoever is at it longer than `patienceMs` is taken for dead.
   * What is remembered can change meanwhile.
   */
  async alone<T>(patienceMs: number, work: () => Promise<T>): Promise<T> {
    await mkdir(this.directory, { recursive: true, mode: DIRECTORY_MODE });
    return withLock(join(this.directory, 'renewal.lock'), patienceMs, work);
  }

  async #checkDirectory(): Promise<void> {
    const found = await stat(this.directory).catch(absent);
    if (found !== undefined) demandPrivate(this.directory, found, DIRECTORY_MODE);
  }

  async #readFile(): Promise<string | undefined> {
    const file = await open(this.#file, 'r').catch(absent);
    if (file === undefined) return undefined;
    try {
      demandPrivate(this.#file, await file.stat(), FILE_MODE);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }
}

/** Where others may read, logins leak; where they may write, they say where secrets are sent. */
function demandPrivate(path: string, { uid, mode }: { uid: number; mode: number }, wanted: number): void {
  const own = process.getuid?.();
  if (own !== undefined && uid !== own) {
    throw new CliError(`${path} belongs to another user.`, {
      next: 'Set PULLPASS_HOME to a directory of your own.',
    });
  }
  if (own !== undefined && (mode & OPEN_TO_OTHERS) !== 0) {
    throw new CliError(`${path} is open to other users.`, {
      next: `Close it with: chmod ${wanted.toString(8)} ${path}`,
    });
  }
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
