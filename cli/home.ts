/** What is remembered between commands, and its file: for its owner alone, replaced whole, changed by one process at a time. */
import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Secret } from '../lib/domain/secret.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { replaceFile } from '../lib/files/atomic-file.ts';
import { StillLocked, withLock } from '../lib/files/lock.ts';
import { CliError } from './errors.ts';
import { TIMEOUTS } from './io.ts';
import { secret } from './login.ts';
import { TARGET, type Target } from './target.ts';

const VERSION = 1;

/** A registry token that the credential helper has stored for a registry. */
const STORED_TOKEN = v.object({
  registry: v.string(),
  /** The name of the target that lists the registry. */
  target: v.string(),
  token: secret,
});

const STATE = v.pipe(
  v.strictObject({
    version: v.literal(VERSION),
    /** The name of the target that commands use unless they name another. */
    current: v.nullable(v.string()),
    targets: v.array(TARGET),
    registryTokens: v.array(STORED_TOKEN),
  }),
  v.check(({ targets }) => new Set(targets.map(({ name }) => name)).size === targets.length),
);
export type State = Readonly<v.InferOutput<typeof STATE>>;

export const EMPTY: State = { version: VERSION, current: null, targets: [], registryTokens: [] };

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const OPEN_TO_OTHERS = 0o077;

export interface HomeOptions {
  /** How long another process may change the state. */
  readonly lockMs?: number;
  /** Gets a line when another process has a lock for long. */
  readonly say?: (line: string) => void;
}

export class Home {
  readonly directory: string;
  readonly #file: string;
  readonly #lockMs: number;
  readonly #say: (line: string) => void;

  constructor(directory: string, { lockMs = TIMEOUTS.lockMs, say = () => undefined }: HomeOptions = {}) {
    this.directory = directory;
    this.#file = join(directory, 'state.json');
    this.#lockMs = lockMs;
    this.#say = say;
  }

  /** The state. Throws CliError when other users could read or write the file, or when its content is invalid. */
  async read(): Promise<State> {
    await this.#checkDirectory();
    const text = await this.#readFile();
    const state = text === undefined ? EMPTY : readState(text);
    if (state !== undefined) return state;
    throw new CliError(`${this.#file} is not a valid state file.`, {
      next: 'Move it away, then add your targets and log in again.',
    });
  }

  /** Changes the state, while no other process does. Answers the new state. */
  async update(change: (state: State) => State): Promise<State> {
    await this.#makeDirectory();
    await this.#checkDirectory();
    return this.#locked(`${this.#file}.lock`, this.#lockMs, async () => {
      const before = await this.read();
      const after = change(before);
      if (after !== before) await replaceFile(this.#file, writeState(after), FILE_MODE);
      return after;
    });
  }

  /** Runs `work`, which takes `workMs` at most, while no other process renews a login. The state may change meanwhile. */
  async withRenewalLock<T>(workMs: number, work: () => Promise<T>): Promise<T> {
    await this.#makeDirectory();
    return this.#locked(join(this.directory, 'renewal.lock'), workMs + this.#lockMs / 2, work);
  }

  async #locked<T>(path: string, patienceMs: number, work: () => Promise<T>): Promise<T> {
    try {
      return await withLock(path, { patienceMs, say: this.#say }, work);
    } catch (error) {
      if (!(error instanceof StillLocked)) throw error;
      throw new CliError(error.message, { next: 'Wait until it has ended, or end it.' });
    }
  }

  async #makeDirectory(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: DIRECTORY_MODE });
  }

  async #checkDirectory(): Promise<void> {
    const found = await stat(this.directory).catch(absent);
    if (found !== undefined) requirePrivate(this.directory, found, DIRECTORY_MODE);
  }

  async #readFile(): Promise<string | undefined> {
    const file = await open(this.#file, 'r').catch(absent);
    if (file === undefined) return undefined;
    try {
      requirePrivate(this.#file, await file.stat(), FILE_MODE);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }
}

/** Reads the text of a state; undefined for anything that `writeState` did not write. */
export function readState(text: string): State | undefined {
  try {
    const { success, output } = v.safeParse(STATE, parseStrictJson(text));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a state, secrets included. */
export function writeState(state: State): string {
  const reveal = function (this: Record<string, unknown>, name: string, value: unknown): unknown {
    // JSON.stringify has already replaced the secret by its redacted form; its parent object still has it.
    const original = this[name];
    return original instanceof Secret ? original.reveal() : value;
  };
  return `${JSON.stringify(state, reveal, 2)}\n`;
}

/** The target of that name, or undefined. */
export function targetNamed(state: State, name: string): Target | undefined {
  return state.targets.find(target => target.name === name);
}

/** The target of that name, or without a name the current one. Throws CliError when there is none. */
export function chosenTarget(state: State, name: string | undefined): Target {
  const wanted = name ?? state.current ?? undefined;
  const target = wanted === undefined ? undefined : targetNamed(state, wanted);
  if (target !== undefined) return target;
  if (wanted === undefined) {
    throw new CliError('There is no target yet.', {
      code: 'no-target',
      next: 'Log in to one with: pullpass login --url URL',
    });
  }
  throw new CliError(`There is no target ${wanted}.`, {
    code: 'no-target',
    next: 'Show the targets with: pullpass target-list',
  });
}

/** The state with this target added, or replaced where one has its name. */
export function withTarget(state: State, target: Target): State {
  const others = state.targets.filter(({ name }) => name !== target.name);
  const targets = [...others, target].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...state, targets, current: state.current ?? target.name };
}

/** The state without that target and the tokens stored for its registries. */
export function withoutTarget(state: State, name: string): State {
  return {
    ...state,
    current: state.current === name ? null : state.current,
    targets: state.targets.filter(target => target.name !== name),
    registryTokens: state.registryTokens.filter(({ target }) => target !== name),
  };
}

/** Where others may read, logins leak; where they may write, they choose where secrets are sent. */
function requirePrivate(path: string, { uid, mode }: { uid: number; mode: number }, wanted: number): void {
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
