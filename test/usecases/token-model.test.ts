/** The life of tokens against a model: the values that log in are exactly those that the model calls usable. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addToken, rotateToken } from '../../lib/usecases/issue-token.ts';
import { changeToken, listTokens, removeToken, retrieveValue } from '../../lib/usecases/manage-tokens.ts';
import { actorOf, logInWith, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT } from '../support/records.ts';

interface ModelToken {
  readonly retrievable: boolean;
  access: 'pull' | 'push';
  endsAt: number | null;
  disabled: boolean;
  removed: boolean;
  /** Every value that there ever was, the current one last, and until when each works beside the current one. */
  values: { readonly value: string; until: number }[];
}

interface Model {
  now: number;
  readonly tokens: Map<string, ModelToken>;
}

interface Real {
  readonly world: World;
  /** In the order in which they were added. */
  readonly ids: string[];
}

type Command = fc.AsyncCommand<Model, Real>;

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );

function exists({ now }: Model, { removed, endsAt }: ModelToken): boolean {
  return !removed && (endsAt === null || endsAt > now);
}

function usableValues(model: Model, token: ModelToken): string[] {
  if (!exists(model, token) || token.disabled) return [];
  return token.values
    .filter((entry, i) => i === token.values.length - 1 || entry.until > model.now)
    .map(({ value }) => value);
}

/** Whether the value before the current one still works. */
function hasGrace({ now }: Model, { values }: ModelToken): boolean {
  return (values.at(-2)?.until ?? 0) > now;
}

async function check(model: Model, { world, ids }: Real): Promise<void> {
  for (const id of ids) {
    const token = model.tokens.get(id);
    if (token === undefined) throw new Error('the model has lost a token');
    const usable = usableValues(model, token);
    for (const { value } of token.values) {
      const expected = usable.includes(value) ? 'done' : 'unauthenticated';
      expect([id, await outcome(logInWith(world, value))]).toEqual([id, expected]);
    }
  }
  const { records } = await listTokens(world.tokens, { account: ACCOUNT, limit: 200, after: undefined });
  const living = ids.filter(id => exists(model, model.tokens.get(id) as ModelToken));
  expect(new Set(records.map(({ id }) => id))).toEqual(new Set(living));
}

/** A command on one of the tokens; before there is one it does nothing. */
function onToken(
  name: string,
  index: number,
  act: (model: Model, real: Real, at: { readonly id: string; readonly token: ModelToken }) => Promise<void>,
): Command {
  return {
    check: ({ tokens }) => tokens.size > 0,
    toString: () => `${name}(${index})`,
    async run(model, real) {
      const id = real.ids[index % real.ids.length] ?? '';
      await act(model, real, { id, token: model.tokens.get(id) as ModelToken });
      await check(model, real);
    },
  };
}

const add = (facts: {
  expiresInSeconds: number | null;
  retrievable: boolean;
  access: 'pull' | 'push';
}): Command => ({
  check: ({ tokens }) => tokens.size < 6,
  toString: () => `add(${JSON.stringify(facts)})`,
  async run(model, real) {
    const token = { ...facts, repositories: null, description: '' };
    const issued = await addToken(real.world.tokens, { actor: actorOf(), token, idempotencyKey: undefined });
    const { expiresInSeconds, retrievable, access } = facts;
    real.ids.push(issued.record.id);
    model.tokens.set(issued.record.id, {
      retrievable,
      access,
      endsAt: expiresInSeconds === null ? null : model.now + expiresInSeconds,
      disabled: false,
      removed: false,
      values: [{ value: issued.value.reveal(), until: 0 }],
    });
    await check(model, real);
  },
});

type Change = Parameters<typeof changeToken>[1]['change'];

const change = (index: number, patch: Change) =>
  onToken(`change ${JSON.stringify(patch)}`, index, async (model, { world }, { id, token }) => {
    const expected = exists(model, token) ? 'done' : 'not-found';
    expect(await outcome(changeToken(world.tokens, { actor: actorOf(), id, change: patch }))).toBe(expected);
    if (expected !== 'done') return;
    const { expiresInSeconds: seconds, disabled = token.disabled, access = token.access } = patch;
    Object.assign(token, { disabled, access });
    if (seconds !== undefined) token.endsAt = seconds === null ? null : model.now + seconds;
  });

const rotate = (index: number, graceSeconds: number, force: boolean) =>
  onToken(`rotate ${graceSeconds} ${force}`, index, async (model, { world }, { id, token }) => {
    const refusal = hasGrace(model, token) && !force ? 'rotation-in-progress' : 'done';
    const rotation = { graceSeconds, force };
    const request = rotateToken(world.tokens, { actor: actorOf(), id, rotation, idempotencyKey: undefined });
    expect(await outcome(request)).toBe(exists(model, token) ? refusal : 'not-found');
    if (!exists(model, token) || refusal !== 'done') return;
    for (const entry of token.values) entry.until = 0;
    const last = token.values.at(-1);
    if (last !== undefined) last.until = model.now + graceSeconds;
    token.values.push({ value: (await request).value.reveal(), until: 0 });
  });

const remove = (index: number) =>
  onToken('remove', index, async (model, { world }, { id, token }) => {
    const expected = exists(model, token) ? 'done' : 'not-found';
    expect(await outcome(removeToken(world.tokens, actorOf(), id))).toBe(expected);
    if (expected === 'done') token.removed = true;
  });

const retrieve = (index: number) =>
  onToken('retrieve', index, async (model, { world }, { id, token }) => {
    const shown = await retrieveValue(world.tokens, actorOf(), id).then(
      value => value.reveal(),
      ({ code }: { code: string }) => code,
    );
    const refusal = token.disabled ? 'token-disabled' : undefined;
    const expected = token.retrievable ? (refusal ?? token.values.at(-1)?.value) : 'not-retrievable';
    expect(shown).toBe(exists(model, token) ? expected : 'not-found');
  });

const pass = (seconds: number): Command => ({
  check: () => true,
  toString: () => `pass(${seconds})`,
  async run(model, real) {
    model.now += seconds;
    real.world.now += seconds;
    await check(model, real);
  },
});

const index = fc.nat(5);
const seconds = fc.constantFrom(60, 61, 120, 3600);
const ending = fc.option(seconds, { nil: null });
const access = fc.constantFrom('pull' as const, 'push' as const);
const COMMANDS: fc.Arbitrary<Command>[] = [
  fc.record({ expiresInSeconds: ending, retrievable: fc.boolean(), access }).map(add),
  fc.tuple(index, fc.boolean()).map(([at, disabled]) => change(at, { disabled })),
  fc.tuple(index, ending).map(([at, expiresInSeconds]) => change(at, { expiresInSeconds })),
  fc.tuple(index, access).map(([at, patch]) => change(at, { access: patch })),
  fc.tuple(index, fc.constantFrom(0, 1, 60, 600), fc.boolean()).map(args => rotate(...args)),
  index.map(remove),
  index.map(retrieve),
  fc.constantFrom(1, 59, 60, 119, 3600).map(pass),
];

it('log in with exactly the values that a simple model calls usable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 30 }), async commands => {
      const setup = () => {
        const world = worldOn();
        return { model: { now: world.now, tokens: new Map() }, real: { world, ids: [] } };
      };
      await fc.asyncModelRun(setup, commands);
    }),
    { numRuns: 300 },
  );
}, 60_000);
