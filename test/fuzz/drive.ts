/** Drives targets with so many inputs, and reports what was accepted and what escaped. */
import { chanceFrom, mutated } from './inputs.ts';
import { PARSERS } from './parsers.ts';
import { RESPONSES } from './responses.ts';
import { Escape, type Target } from './target.ts';
import { VERIFIERS } from './verifiers.ts';

export const TARGETS: Readonly<Record<string, Target>> = {
  ...PARSERS,
  ...VERIFIERS,
  'responses of AWS': RESPONSES,
};

export interface Escaped {
  readonly target: string;
  readonly input: string;
  readonly message: string;
}

export interface Driven {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly escapes: readonly Escaped[];
}

/** Enough to see what is wrong. */
const MAX_ESCAPES = 5;

/** The same seed always drives with the same inputs. */
export async function drive(name: string, inputs: number, seed: number): Promise<Driven> {
  const target = TARGETS[name];
  if (target === undefined)
    throw new Error(`no target ${name}; there are: ${Object.keys(TARGETS).join(', ')}`);
  return driveTarget(name, target, { inputs, seed });
}

export async function driveTarget(
  name: string,
  { seeds, fragments = [], repair, check }: Target,
  { inputs, seed }: { readonly inputs: number; readonly seed: number },
): Promise<Driven> {
  const chance = chanceFrom(seed);
  const escapes: Escaped[] = [];
  let accepted = 0;
  for (let i = 0; i < inputs && escapes.length < MAX_ESCAPES; i++) {
    const made = i < seeds.length ? (seeds[i] ?? '') : mutated(chance, seeds, fragments);
    const input = repair === undefined ? made : repair(made, chance);
    try {
      const answer = check(input);
      if (typeof answer === 'boolean' ? answer : await answer) accepted++;
    } catch (error) {
      const message = error instanceof Escape ? error.message : `threw ${String(error)}`;
      escapes.push({ target: name, input, message });
    }
  }
  return { target: name, inputs, accepted, escapes };
}

/** How many of `inputs` each target gets. */
export function sharesOf(inputs: number): [name: string, inputs: number][] {
  const all = Object.values(TARGETS).reduce((sum, { share }) => sum + share, 0);
  return Object.entries(TARGETS).map(([name, { share }]) => [name, Math.ceil((inputs * share) / all)]);
}
