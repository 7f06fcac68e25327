/** Disturbs one act and judges it: its outcome, and the state, are those of the acts one after the other. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect } from 'vitest';
import { unavailable } from '../../lib/domain/errors.ts';
import {
  ACTS,
  type Act,
  auditOf,
  BEGINNING,
  ledgerOf,
  openScene,
  type Scene,
  type State,
  stateOf,
  through,
} from './lost-answers.ts';
import type { Around } from './steps.ts';

/**
 * `repeated`: the call is applied, and sent again as a transport does whose answer was lost. `lost`: it is applied, and
 * ends with an error. `failed`: it ends with an error before it is applied.
 */
export const MODES = ['repeated', 'lost', 'failed'] as const;

/** More calls than an act makes of the table. */
export const CALLS = 11;

export interface Disturbance {
  /** Acts that were done before. */
  readonly prepared: readonly string[];
  readonly name: string;
  /** The number of the call that is disturbed. */
  readonly call: number;
  readonly mode: (typeof MODES)[number];
  /** Another administrator's act, once the call is applied. */
  readonly meanwhile: string | undefined;
}

const names = fc.constantFrom(...Object.keys(ACTS));

export const scenarios: fc.Arbitrary<Disturbance> = fc.record({
  prepared: fc.array(names, { maxLength: 4 }),
  name: names,
  call: fc.nat(CALLS - 1),
  mode: fc.constantFrom(...MODES),
  meanwhile: fc.option(names, { nil: undefined }),
});

type Outcome = 'done' | 'refused' | 'unavailable';

async function outcomeOf(run: Promise<unknown>): Promise<Outcome> {
  try {
    await run;
    return 'done';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'unavailable') return code;
    if (code === 'not-found') return 'refused';
    throw error;
  }
}

/** What the model says of acts one after the other. */
function sequence(
  state: State,
  acts: readonly Act[],
): { readonly outcomes: Outcome[]; readonly state: State } {
  const outcomes = acts.map(({ model }) => {
    const after = model(state);
    state = after ?? state;
    return after === undefined ? 'refused' : 'done';
  });
  return { outcomes, state };
}

const actOf = (name: string): Act => ACTS[name] ?? expect.fail(`no act ${name}`);

/** Runs the scenario, and fails unless it ended as the acts do one after the other. */
export async function disturbed(scenario: Disturbance): Promise<void> {
  const scene = await openScene();
  const prepared = scenario.prepared.map(actOf);
  for (const act of prepared) await outcomeOf(act.run(scene));
  const before = sequence(BEGINNING, prepared).state;
  expect(await stateOf(scene)).toEqual(before);
  const recorded = await recordsOf(scene, actOf(scenario.name));
  const seen = await runDisturbed(scene, scenario);
  const told = JSON.stringify({ ...scenario, ...seen });
  const act = actOf(scenario.name);
  const others = seen.other === undefined ? [] : [actOf(scenario.meanwhile ?? '')];
  if (seen.own === 'unavailable') {
    // An error means that nothing was done: the caller may repeat the act.
    expect(await stateOf(scene), told).toEqual(sequence(before, others).state);
    await outcomeOf(act.run(scene));
    expect(await stateOf(scene), told).toEqual(sequence(before, [...others, act]).state);
    return;
  }
  const first = sequence(before, [act, ...others]);
  const last = sequence(before, [...others, act]);
  const possible = [
    { own: first.outcomes[0], other: first.outcomes[1], state: first.state },
    { own: last.outcomes.at(-1), other: others.length > 0 ? last.outcomes[0] : undefined, state: last.state },
  ];
  expect(possible, told).toContainEqual({ ...seen, state: await stateOf(scene) });
  if (others.length > 0 || seen.own !== 'done' || isDeepStrictEqual(first.state, before)) return;
  // Recorded once, and in the ledger if it revokes.
  expect(await recordsOf(scene, act), told).toEqual({
    audit: recorded.audit + (act.audit === null ? 0 : 1),
    ledger: recorded.ledger + (act.entry === undefined ? 0 : 1),
  });
}

async function recordsOf(scene: Scene, { audit, entry }: Act): Promise<{ audit: number; ledger: number }> {
  return {
    audit: audit === null ? 0 : ((await auditOf(scene))[audit] ?? 0),
    ledger: entry === undefined ? 0 : ((await ledgerOf(scene))[entry] ?? 0),
  };
}

/** The outcomes of the act, and of the other that came in between, if it did. */
async function runDisturbed(
  scene: Scene,
  { name, call, mode, meanwhile }: Disturbance,
): Promise<{ own: Outcome; other: Outcome | undefined }> {
  let calls = 0;
  let other: Outcome | undefined;
  const around: Around = async (_, step) => {
    if (calls++ !== call) return step();
    if (mode !== 'failed') await step();
    if (meanwhile !== undefined) other = await outcomeOf(actOf(meanwhile).run(scene));
    if (mode === 'repeated') return step();
    throw unavailable(`call ${call} ${mode}`);
  };
  const own = await outcomeOf(actOf(name).run(through(scene, around)));
  return { own, other };
}
