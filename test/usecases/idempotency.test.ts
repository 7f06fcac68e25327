/** Requests with an `Idempotency-Key` that were interrupted: at every step, before it and after it. */
import { describe, expect, it } from 'vitest';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { Issued } from '../../lib/usecases/issue-once.ts';
import { addToken, type NewToken, rotateToken } from '../../lib/usecases/issue-token.ts';
import { changeToken, removeToken } from '../../lib/usecases/manage-tokens.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf, logInWith, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT } from '../support/records.ts';
import { type Around, countSteps, failingAt, type Moment, stepped } from '../support/steps.ts';
import { itemsOf, memoryStores } from '../support/stores.ts';

const PORTS = ['tokens', 'idempotency', 'audit', 'derivation'] as const;
const TOKEN: NewToken = {
  access: 'pull',
  repositories: null,
  description: '',
  expiresInSeconds: 3600,
  retrievable: true,
};
const through: Around = (_, step) => step();

async function tokensIn({ stores, now }: World) {
  return (await stores.tokens.list(ACCOUNT, { limit: 100, now })).records;
}

/** Adds a token, or rotates the one token that there is. */
const ACTS: Record<'add' | 'rotate', (world: World, around?: Around, payload?: object) => Promise<Issued>> = {
  add: (world, around = through, payload = {}) =>
    addToken(stepped(world.tokens, PORTS, around), {
      actor: actorOf(),
      token: { ...TOKEN, ...payload },
      idempotencyKey: 'key-1',
    }),
  rotate: async (world, around = through, payload = {}) => {
    const [token] = await tokensIn(world);
    return rotateToken(stepped(world.tokens, PORTS, around), {
      actor: actorOf(),
      id: token?.id ?? '',
      rotation: { graceSeconds: 60, force: false, ...payload },
      idempotencyKey: 'key-1',
    });
  },
};
const PREPARE = {
  add: async () => worldOn(memoryStores()),
  rotate: async () => {
    const world = worldOn(memoryStores());
    await addToken(world.tokens, { actor: actorOf(), token: TOKEN, idempotencyKey: undefined });
    return world;
  },
};
const GENERATION = { add: 1, rotate: 2 };
const STEPS = {
  add: await countSteps(async around => ACTS.add(await PREPARE.add(), around)),
  rotate: await countSteps(async around => ACTS.rotate(await PREPARE.rotate(), around)),
};
const CRASHES = (['add', 'rotate'] as const).flatMap(act =>
  Array.from({ length: STEPS[act] }, (_, step) =>
    (['before', 'after'] as const).map((moment): [typeof act, Moment, number] => [act, moment, step]),
  ).flat(),
);

/** Whether the store knows of a request with a key. */
async function isBegun({ stores }: World): Promise<boolean> {
  const items = await itemsOf((stores as ReturnType<typeof memoryStores>).table);
  return items.some(({ sk }) => sk.startsWith('request#'));
}

/** Deletes at once what has expired, as the table itself may; `prefix`: only of that kind. */
async function eraseExpired({ stores, now }: World, prefix = ''): Promise<void> {
  const { table } = stores as ReturnType<typeof memoryStores>;
  const expired = (await itemsOf(table)).filter(({ expiresAt }) => Number(expiresAt) <= now);
  for (const item of expired.filter(({ sk }) => sk.startsWith(prefix))) await table.delete(item);
}

const codeOf = ({ code }: { code: string }) => code;

it('there are steps to interrupt', () => {
  expect(STEPS.add).toBeGreaterThanOrEqual(5);
  expect(STEPS.rotate).toBeGreaterThanOrEqual(7);
});

it('a first request to add a token reads no token: it begins, derives, is recorded, adds and is finished', async () => {
  const world = await PREPARE.add();
  const asked: string[] = [];
  const noted = <S extends object>(name: string, store: S): S =>
    new Proxy(store, {
      get: (of, member, self) => {
        asked.push(`${name}.${String(member)}`);
        return Reflect.get(of, member, self);
      },
    });
  const { tokens, idempotency } = world.tokens;
  const ports = { tokens: noted('tokens', tokens), idempotency: noted('idempotency', idempotency) };
  await addToken({ ...world.tokens, ...ports }, { actor: actorOf(), token: TOKEN, idempotencyKey: 'key-1' });
  expect(asked).toEqual(['idempotency.begin', 'tokens.add', 'idempotency.finish']);
});

describe.each(CRASHES)('a request to %s a token that ended %s step %d', (act, moment, step) => {
  async function interrupted(): Promise<World> {
    const world = await PREPARE[act]();
    const outcome = await ACTS[act](world, failingAt(step, moment)).then(() => 'carried out', codeOf);
    // The value is issued before the request is marked as done, and is not lost when that fails.
    expect(outcome).toBe(step === STEPS[act] - 1 ? 'carried out' : 'unavailable');
    return world;
  }

  it('is carried out once by its repetition, and answered the same by every other', async () => {
    const world = await interrupted();
    const { record, value } = await ACTS[act](world);
    const [token, ...others] = await tokensIn(world);
    expect([token?.id, token?.generation, others]).toEqual([record.id, GENERATION[act], []]);
    expect((await logInWith(world, value.reveal())).principal.subject).toBe(`token:${record.id}`);
    const again = await ACTS[act](world);
    expect([again.record.id, again.value.reveal()]).toEqual([record.id, value.reveal()]);
    expect((await tokensIn(world)).map(({ generation }) => generation)).toEqual([GENERATION[act]]);
  });

  it('is carried out once by many repetitions at the same time', async () => {
    const world = await interrupted();
    const answers = await Promise.all(Array.from({ length: 5 }, () => ACTS[act](world)));
    expect(new Set(answers.map(({ value }) => value.reveal())).size).toBe(1);
    expect((await tokensIn(world)).map(({ generation }) => generation)).toEqual([GENERATION[act]]);
  });

  it('never brings a token back that was removed in between', async () => {
    const world = await interrupted();
    const [token] = await tokensIn(world);
    if (token === undefined) return;
    await removeToken(world.tokens, actorOf(), token.id);
    for (let i = 0; i < 2; i++) {
      const { code, details } = await rejectionOf(ACTS[act](world));
      expect([code, details.id]).toEqual(
        act === 'add' ? ['idempotency-replayed', token.id] : ['not-found', undefined],
      );
      expect(await tokensIn(world)).toEqual([]);
    }
  });

  it('never brings a token back whose end was brought forward in between, after the cleanup', async () => {
    const world = await interrupted();
    const [token] = await tokensIn(world);
    if (token === undefined) return;
    for (const expiresInSeconds of [1800, 60]) {
      await changeToken(world.tokens, { actor: actorOf(), id: token.id, change: { expiresInSeconds } });
    }
    world.now += 61;
    await eraseExpired(world);
    for (let i = 0; i < 2; i++) {
      const { code } = await rejectionOf(ACTS[act](world));
      expect(code).toBe(act === 'add' ? 'idempotency-replayed' : 'not-found');
      expect(await tokensIn(world)).toEqual([]);
    }
  });

  it('never brings a removed token back where the clock is set back and the tombstone is deleted', async () => {
    const world = await interrupted();
    const [token] = await tokensIn(world);
    if (token === undefined) return;
    await removeToken(world.tokens, actorOf(), token.id);
    world.now += 3 * DAY_SECONDS;
    await eraseExpired(world, 'token#');
    world.now -= 3 * DAY_SECONDS;
    await rejectionOf(ACTS[act](world));
    expect(await tokensIn(world)).toEqual([]);
  });

  it('never brings a token back that was rotated, ended and cleaned up in between', async () => {
    const world = await interrupted();
    const [token] = await tokensIn(world);
    if (token?.generation !== GENERATION[act]) return;
    const { id } = token;
    const rotation = { graceSeconds: 0, force: true };
    await rotateToken(world.tokens, { actor: actorOf(), id, rotation, idempotencyKey: 'key-2' });
    await changeToken(world.tokens, { actor: actorOf(), id, change: { expiresInSeconds: 60 } });
    world.now += 61;
    await eraseExpired(world);
    await rejectionOf(ACTS[act](world));
    expect(await tokensIn(world)).toEqual([]);
  });

  it('is answered with the end that the token has now', async () => {
    const world = await interrupted();
    const [token] = await tokensIn(world);
    if (token?.generation !== GENERATION[act]) return;
    const expected = world.now + 7200;
    await changeToken(world.tokens, { actor: actorOf(), id: token.id, change: { expiresInSeconds: 7200 } });
    world.now += 3600;
    expect((await ACTS[act](world)).record.expiresAt).toBe(expected);
  });

  it('shows no value of a token that was disabled or rotated in between', async () => {
    for (const meddle of [
      (world: World, id: string) =>
        changeToken(world.tokens, { actor: actorOf(), id, change: { disabled: true } }),
      (world: World, id: string) =>
        rotateToken(world.tokens, {
          actor: actorOf(),
          id,
          rotation: { graceSeconds: 0, force: true },
          idempotencyKey: undefined,
        }),
    ]) {
      const world = await interrupted();
      const [token] = await tokensIn(world);
      if (token?.generation !== GENERATION[act]) return;
      await meddle(world, token.id);
      const after = await tokensIn(world);
      const { code, details } = await rejectionOf(ACTS[act](world));
      expect([code, details.id]).toEqual(['idempotency-replayed', token.id]);
      expect(await tokensIn(world)).toEqual(after);
    }
  });

  it('adds no token that would have ended in the meantime', async () => {
    const world = await interrupted();
    const begun = await isBegun(world);
    world.now += 3600;
    const outcome = await ACTS[act](world).then(() => 'carried out', codeOf);
    const refusal = act === 'rotate' ? 'not-found' : 'idempotency-replayed';
    expect(outcome).toBe(begun || act === 'rotate' ? refusal : 'carried out');
    expect(await tokensIn(world)).toHaveLength(outcome === 'carried out' ? 1 : 0);
  });

  it('is not carried out with another payload', async () => {
    const world = await interrupted();
    const begun = await isBegun(world);
    const payload = act === 'add' ? { access: 'push' } : { graceSeconds: 61 };
    const outcome = await ACTS[act](world, through, payload).then(() => 'carried out', codeOf);
    expect(outcome).toBe(begun ? 'idempotency-mismatch' : 'carried out');
  });
});

describe('a repetition is not shown the value again', () => {
  it.each([
    ['where values are not shown at all', { valueRetrieval: false }, 'strong'],
    ['to who has no strong proof', {}, 'weak'],
  ] as const)('%s, and says which token it made', async (_, ports, strength) => {
    const world = worldOn(memoryStores());
    const request = { token: TOKEN, idempotencyKey: 'key-1' };
    const { record } = await addToken(world.tokens, { actor: actorOf(), ...request });
    const again = addToken({ ...world.tokens, ...ports }, { actor: { ...actorOf(), strength }, ...request });
    expect(await rejectionOf(again)).toMatchObject({
      code: 'idempotency-replayed',
      details: { id: record.id },
    });
  });
});
