/** All that is remembered from one command to the next, and its text. */
import * as v from 'valibot';
import { Secret } from '../lib/domain/secret.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { CliError } from './failure.ts';
import { KEPT_TOKEN } from './stored-login.ts';
import { TARGET, type Target } from './target.ts';

const VERSION = 1;

const STATE = v.pipe(
  v.strictObject({
    version: v.literal(VERSION),
    /** The name of the target that commands speak to unless told otherwise. */
    current: v.nullable(v.string()),
    targets: v.array(TARGET),
    registryTokens: v.array(KEPT_TOKEN),
  }),
  v.check(({ targets }) => new Set(targets.map(({ name }) => name)).size === targets.length),
);

export type State = Readonly<v.InferOutput<typeof STATE>>;

export const EMPTY: State = { version: VERSION, current: null, targets: [], registryTokens: [] };

/** Reads the text of a state; undefined for anything that was not written by `writeState`. */
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
  const spent = function (this: Record<string, unknown>, name: string, value: unknown): unknown {
    // JSON.stringify has asked the secret for its redacted form by now; its holder still has the secret.
    const held = this[name];
    return held instanceof Secret ? held.reveal() : value;
  };
  return `${JSON.stringify(state, spent, 2)}\n`;
}

/** The target of that name; undefined: there is none. */
export function targetNamed(state: State, name: string): Target | undefined {
  return state.targets.find(target => target.name === name);
}

/** The target of that name, or the current one. Throws a Failure that says how to have one. */
export function chosenTarget(state: State, name: string | undefined): Target {
  const wanted = name ?? state.current ?? undefined;
  const target = wanted === undefined ? undefined : targetNamed(state, wanted);
  if (target !== undefined) return target;
  if (wanted === undefined) {
    throw new CliError('There is no target yet.', { next: 'Log in to one: pullpass login --url URL' });
  }
  throw new CliError(`There is no target ${wanted}.`, {
    next: 'Show the targets with: pullpass target-list',
  });
}

/** The state with this target in the place of the one with its name, or added. */
export function withTarget(state: State, target: Target): State {
  const others = state.targets.filter(({ name }) => name !== target.name);
  const targets = [...others, target].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...state, targets, current: state.current ?? target.name };
}

/** The state without that target and all that was kept for it. */
export function withoutTarget(state: State, name: string): State {
  return {
    ...state,
    current: state.current === name ? null : state.current,
    targets: state.targets.filter(target => target.name !== name),
    registryTokens: state.registryTokens.filter(({ target }) => target !== name),
  };
}
