/** The fuzzer with fewer inputs than `npm run fuzz`, and that it finds what is wrong. */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readsAsPattern } from '../domain/oracles/repository.ts';
import { drive, driveTarget, sharesOf } from './drive.ts';
import { agree, type Target } from './target.ts';

const INPUTS = 300_000;

describe('no input is read in two ways', () => {
  it.each(sharesOf(INPUTS))('%s', async (name, inputs) => {
    const seed = randomInt(2 ** 31);
    const { escapes, accepted } = await drive(name, inputs, seed);
    expect({ seed, escapes }).toEqual({ seed, escapes: [] });
    // Inputs that are all refused, or all accepted, would test nothing.
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(inputs);
  });
});

it('finds an input on which two readings differ, and the same seed finds it again', async () => {
  const planted: Target = {
    share: 1,
    seeds: ['team/app', 'team/*'],
    // As if a separator at the end were part of a name.
    check: text => agree(/^[a-z/*.-]+$/.test(text) || undefined, readsAsPattern(text) || undefined),
  };
  const first = await driveTarget('planted', planted, { inputs: 1000, seed: 7 });
  expect(first.escapes).not.toEqual([]);
  expect(await driveTarget('planted', planted, { inputs: 1000, seed: 7 })).toEqual(first);
});
