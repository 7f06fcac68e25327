/** The guard of the table: asked about twice a minute, and in doubt every request is refused. */
import { describe, expect, it } from 'vitest';
import { PullpassError } from '../../lib/domain/errors.ts';
import { tableGuard } from '../../lib/usecases/table-guard.ts';
import { rejectionOf } from '../support/errors.ts';

type Answer = 'broken' | 'no' | 'silent' | 'yes';

function guarded() {
  const world = { now: 1_000_000, asked: 0, answer: 'yes' as Answer, answered: Promise.resolve() };
  const guard = tableGuard({
    clock: () => world.now,
    identity: {
      matches: async () => {
        world.asked++;
        await world.answered;
        if (world.answer === 'silent') throw new PullpassError('unavailable', { reason: 'store: x' });
        if (world.answer === 'broken') throw new Error('EACCES');
        return world.answer === 'yes';
      },
    },
  });
  return { world, guard };
}

describe('the guard of the table', () => {
  it('asks at the first call and twice a minute, however many calls there are', async () => {
    const { world, guard } = guarded();
    for (let call = 0; call < 6_000; call++) {
      await guard();
      world.now += 20;
    }
    expect(world.asked).toBe(4);
  });

  it('asks once for all that wait', async () => {
    const { world, guard } = guarded();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.answered = promise;
    const calls = Array.from({ length: 50 }, () => guard());
    resolve();
    await Promise.all(calls);
    expect(world.asked).toBe(1);
  });

  it('refuses a restored table from the first call on, and one that took its place after a minute at the latest', async () => {
    const { world, guard } = guarded();
    world.answer = 'no';
    const refusal = { code: 'unavailable', details: { reason: 'restored table', retryAfterSeconds: 60 } };
    expect(await rejectionOf(guard())).toMatchObject(refusal);
    world.answer = 'yes';
    world.now += 5_000;
    await guard();
    world.answer = 'no';
    world.now += 59_999;
    await guard();
    world.now += 1;
    expect(await rejectionOf(guard())).toMatchObject(refusal);
  });

  it('refuses it from the second call on where calls come often, and no call waits for the answer', async () => {
    const { world, guard } = guarded();
    await guard();
    world.answer = 'no';
    const { promise, resolve } = Promise.withResolvers<void>();
    world.answered = promise;
    world.now += 30_000;
    await guard();
    expect(world.asked).toBe(2);
    resolve();
    await new Promise(setImmediate);
    expect((await rejectionOf(guard())).details.reason).toBe('restored table');
  });

  it('asks for a restored table every five seconds, so that a flood is no load and the end of the replay is seen', async () => {
    const { world, guard } = guarded();
    world.answer = 'no';
    for (let call = 0; call < 1_000; call++) {
      await guard().catch(() => undefined);
      world.now += 10;
    }
    expect(world.asked).toBe(2);
  });

  it.each(['silent', 'broken'] as const)('refuses while the answer is unknown: %s', async answer => {
    const { world, guard } = guarded();
    world.answer = answer;
    expect((await rejectionOf(guard())).code).toBe('unavailable');
    world.answer = 'yes';
    await guard();
  });

  it('bears an outage of half a minute, and no longer', async () => {
    const { world, guard } = guarded();
    await guard();
    world.answer = 'silent';
    world.now += 59_999;
    await guard();
    world.now += 1;
    expect((await rejectionOf(guard())).code).toBe('unavailable');
  });

  it('bears no outage after it has seen a restored table', async () => {
    const { world, guard } = guarded();
    world.answer = 'no';
    await guard().catch(() => undefined);
    world.answer = 'silent';
    world.now += 5_000;
    expect((await rejectionOf(guard())).code).toBe('unavailable');
  });

  it('does not believe a clock that runs backwards', async () => {
    const { world, guard } = guarded();
    await guard();
    world.answer = 'no';
    world.now -= 1;
    expect((await rejectionOf(guard())).details.reason).toBe('restored table');
  });
});
