/** Every act, when an answer of the table is lost at any of its calls: it ends as an undisturbed one, by a model of its own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTS, BEGINNING, openScene, stateOf } from '../support/lost-answers.ts';
import { CALLS, type Disturbance, disturbed, MODES, scenarios } from '../support/lost-answers-oracle.ts';

const NAMES = Object.keys(ACTS);

describe.each(NAMES)('%s', name => {
  const act = ACTS[name] ?? expect.fail();

  it('does what the model says', async () => {
    const scene = await openScene();
    expect(await stateOf(scene)).toEqual(BEGINNING);
    if (name === 'releasing a namespace') await ACTS['registering a namespace']?.run(scene);
    await act.run(scene);
    const from = name === 'releasing a namespace' ? { ...BEGINNING, namespace: 'held' as const } : BEGINNING;
    expect(await stateOf(scene)).toEqual(act.model(from));
  });

  it.each(MODES)('ends as an undisturbed one when one call is %s', async mode => {
    for (let call = 0; call < CALLS; call++) {
      for (const prepared of [[], ['registering a namespace', 'disabling a token']]) {
        await disturbed({ prepared, name, call, mode, meanwhile: undefined });
      }
    }
  });
});

it('has its own effect once beside any other act that comes in between', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, (scenario: Disturbance) => disturbed(scenario)),
    { numRuns: 150 },
  );
});
