/** What is remembered between commands, and its file: for its owner alone, replaced whole, changed by one process at a time. */
import { lstat, mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { Secret } from '../lib/domain/secret.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { type LockOptions, StillLocked, withLock } from '../lib/files/lock.ts';
import { CliError, detailsOf, systemCode, systemReason } from './errors.ts';
import { DIRECTORY_MODE, FILE_MODE, requirePrivate } from './files/private.ts';
import { replace } from './files/replace.ts';
import { ORDER } from './helper/order.ts';
import { TIMEOUTS } from './io.ts';
import { secret } from './login.ts';
import { TARGET, type Target } from './target.ts';
import { forgetVended } from './vended.ts';

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
    /** What `registry-login` has told the credential helper to give. */
    orders: v.optional(v.array(ORDER), []),
  }),
  v.check(({ targets }) => new Set(targets.map(({ name }) => name)).size === targets.length),
);
export type State = Readonly<v.InferOutput<typeof STATE>>;

export const EMPTY: State = { version: VERSION, current: null, targets: [], registryTokens: [], orders: [] };

const LOCKED = 'locked';

export interface HomeOptions {
  /** How long another process may change the state. */
  readonly lockMs?: number;
  /** Gets a line when another process has a lock for long. */
  readonly say?: (line: string) => void;
}

export class Home {
  readonly #directory: string | undefined;
  readonly #lockMs: number;
  readonly #say: (line: string) => void;

  /** `directory`: undefined when no variable says where to keep anything. */
  constructor(
    directory: string | undefined,
    { lockMs = TIMEOUTS.lockMs, say = () => undefined }: HomeOptions = {},
  ) {
    this.#directory = directory;
    this.#lockMs = lockMs;
    this.#say = say;
  }

  /** Throws CliError when there is none. */
  get directory(): string {
    if (this.#directory !== undefined) return this.#directory;
    throw new CliError('There is no directory to keep logins in.', { next: 'Set HOME or PULLPASS_HOME.' });
  }

  /** The state. Throws CliError when it cannot be read, or other users could, or when its content is invalid. */
  async read(): Promise<State> {
    const file = this.#file;
    const text = await this.#readText().catch(unusable(file, 'read'));
    const state = text === undefined ? EMPTY : readState(text);
    if (state !== undefined) return state;
    throw new CliError(`${file} is not a valid state file.`, {
      next: 'Move it away, then add your targets and log in again.',
    });
  }

  /** Whether the text of a state that `read` refuses has this text in it. Nothing of it is ever used. */
  async mentions(text: string): Promise<boolean> {
    if (this.#directory === undefined) return false;
    return readFile(this.#file, 'utf8').then(
      found => found.toLowerCase().includes(text.toLowerCase()),
      () => false,
    );
  }

  /** Changes the state, while no other process does. Answers the new state. Throws CliError when it cannot be written. */
  async update(change: (state: State) => State): Promise<State> {
    const file = this.#file;
    const work = async () => {
      const before = await this.read();
      const after = change(before);
      if (after === before) return after;
      await this.#write(writeState(after));
      await forgetVended(this.directory);
      return after;
    };
    return this.#locked('state.json.lock', work).catch(unusable(file, 'written'));
  }

  /** Runs `work`, which takes `workMs` at most, while no other process renews a login. The state may change meanwhile. */
  async withRenewalLock<T>(workMs: number, work: () => Promise<T>): Promise<T> {
    return this.withLock('renewal.lock', work, { patienceMs: workMs + this.#lockMs / 2 });
  }

  /**
   * Runs `work` while no other process runs any under that name; at once where no lock can be kept, and when `giveUp` wants
   * it: `work` must be right without the lock.
   */
  async withLock<T>(name: string, work: () => Promise<T>, options: Partial<LockOptions> = {}): Promise<T> {
    let result: Promise<T> | undefined;
    const once = () => {
      result ??= work();
      return result;
    };
    return this.#locked(name, once, options).catch((error: unknown) => {
      const isLocked = detailsOf(error).code === LOCKED;
      if (error instanceof CliError && result === undefined && !(isLocked && options.giveUp)) throw error;
      return once();
    });
  }

  async #locked<T>(name: string, work: () => Promise<T>, options: Partial<LockOptions> = {}): Promise<T> {
    const { directory } = this;
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    await this.#checkDirectory();
    const all = { patienceMs: this.#lockMs, say: this.#say, ...options };
    try {
      return await withLock(join(directory, name), all, work);
    } catch (error) {
      if (!(error instanceof StillLocked)) throw error;
      throw new CliError(error.message, { code: LOCKED, next: 'Wait until it has ended, or end it.' });
    }
  }

  get #file(): string {
    return join(this.directory, 'state.json');
  }

  async #checkDirectory(): Promise<void> {
    const { directory } = this;
    const found = await stat(directory).catch(absent);
    if (found !== undefined) requirePrivate(directory, found, DIRECTORY_MODE);
  }

  async #readText(): Promise<string | undefined> {
    await this.#checkDirectory();
    const file = await open(this.#file, 'r').catch(absent);
    if (file === undefined) return undefined;
    try {
      requirePrivate(this.#file, await file.stat(), FILE_MODE);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }

  /** In place where the file has a mount of its own. Never through a link, which could lead to a place that others see. */
  async #write(text: string): Promise<void> {
    const status = await lstat(this.#file).catch(absent);
    const existing = status?.isFile() && status.nlink === 1 ? status : undefined;
    await replace(this.#file, Buffer.from(text), { existing, newMode: FILE_MODE });
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
    orders: state.orders.filter(({ target }) => target !== name),
  };
}

/** `what`: "read" or "written". An error that says why in our own words stays as it is. */
function unusable(path: string, what: string) {
  return (error: unknown): never => {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path} cannot be ${what}: ${systemReason(error)}.`, {
      code: 'home-unusable',
      next: 'Set PULLPASS_HOME to a directory of your own.',
      cause: error,
    });
  };
}

/** HOME may be /dev/null, or a directory that there never was. */
function absent(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error;
}
