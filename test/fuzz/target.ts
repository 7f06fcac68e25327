/** What the fuzzer drives: a parser or verifier, the inputs for it, and a second opinion. */
import { isDeepStrictEqual } from 'node:util';
import { PullpassError } from '../../lib/domain/errors.ts';
import type { Chance } from './inputs.ts';

export interface Target {
  /** Good inputs; others are made from them. */
  readonly seeds: readonly string[];
  /** Pieces of the grammar that are put into them. */
  readonly fragments?: readonly string[];
  /** Inputs of a thousand: a signature takes longer than a comparison. */
  readonly share: number;
  /** Gives a changed input what it needs to come further, such as its checksum. */
  readonly repair?: (text: string, chance: Chance) => string;
  /** Whether the input is accepted. Throws Escape where the second opinion differs. */
  readonly check: (text: string) => boolean | Promise<boolean>;
}

/** An input that is accepted and must not be, refused and must not be, or read differently. */
export class Escape extends Error {
  override readonly name = 'Escape';
}

/** Both readings must agree; `undefined` is a refusal. */
export function agree(read: unknown, expected: unknown): boolean {
  if (!isDeepStrictEqual(read, expected)) {
    throw new Escape(`read as ${JSON.stringify(read)}, expected ${JSON.stringify(expected)}`);
  }
  return read !== undefined;
}

/** The result of a parser that refuses with one of our errors; undefined when it does. Any other error is an escape. */
export function orRefused<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PullpassError || error instanceof SyntaxError) return undefined;
    throw new Escape(`threw ${String(error)}`);
  }
}
