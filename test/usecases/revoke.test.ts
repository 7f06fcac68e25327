/** Ending a secret, while others change the same token, and while something fails. */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { rateLimiter } from '../../lib/limits/rate-limiter.ts';
import { addToken, rotateToken } from '../../lib/usecases/issue-token.ts';
import { changeToken, removeToken, type TokenPorts } from '../../lib/usecases/manage-tokens.ts';
import { type RevokePorts, revoke } from '../../lib/usecases/revoke.ts';
import { vendCredential } from '../../lib/usecases/vend-credential.ts';
import { everyWay, interleave, startProcess } from '../support/interleaving.ts';
import {
  actorOf,
  CREDENTIAL_KEYS,
  logInWith,
  principalWith,
  type World,
  worldOn,
} from '../support/memory-ports.ts';
import { type Around, countSteps, failingAt, type Moment, stepped } from '../support/steps.ts';
import type { Stores } from '../support/stores.ts';
import { memoryStores, useStores } from '../support/stores.ts';

const { open } = useStores();

function portsOf({ stores, logins, tokens }: World): RevokePorts {
  const { revokedCredentials, audits: audit } = stores;
  const { store } = logins;
  return {
    store,
    tokens: tokens.tokens,
    revokedCredentials,
    revocations: () => undefined,
    credentialKeys: CREDENTIAL_KEYS,
    audit,
    clock: logins.clock,
  };
}

const end = (ports: RevokePorts, value: string) =>
  revoke(ports, { secret: new Secret(value), requestId: 'request-1', sourceAddress: '192.0.2.1' });

const stepping = (world: World, around: Around) =>
  stepped(portsOf(world), ['store', 'tokens', 'revokedCredentials', 'audit'], around);

async function newToken({ tokens }: World): Promise<{ id: string; value: string }> {
  const token = { access: 'pull', repositories: null, description: '' } as const;
  const { record, value } = await addToken(tokens, {
    actor: actorOf(),
    token: { ...token, expiresInSeconds: null, retrievable: true },
    idempotencyKey: undefined,
  });
  return { id: record.id, value: value.reveal() };
}

async function newCredential({ logins }: World, value: string): Promise<string> {
  const vended = await vendCredential(logins, {
    principal: await principalWith(logins, new Secret(value)),
    service: {
      name: 'localhost:5000',
      registry: 'x',
      profile: 'x5c',
      algorithm: 'ES256',
      lifetimeSeconds: 300,
    },
    access: 'pull',
    repositories: null,
    expiresInSeconds: 600,
  });
  return vended.password.reveal();
}

const logsIn = (world: World, value: string) =>
  logInWith(world, value).then(
    () => true,
    () => false,
  );

const rotation = (graceSeconds: number) => (ports: TokenPorts, id: string) =>
  rotateToken(ports, {
    actor: actorOf(),
    id,
    rotation: { graceSeconds, force: true },
    idempotencyKey: undefined,
  });

describe('a revocation is acknowledged only when it is done', () => {
  const OTHERS: Record<string, (ports: TokenPorts, id: string) => Promise<unknown>> = {
    'a rotation with a grace': rotation(600),
    'a rotation without': rotation(0),
    'another description': (ports, id) =>
      changeToken(ports, { actor: actorOf(), id, change: { description: 'x' } }),
    'a removal': (ports, id) => removeToken(ports, actorOf(), id).catch(() => undefined),
    'the same end': async () => undefined,
  };
  const GROUNDS: Record<string, () => Promise<Stores>> = {
    'in memory': async () => memoryStores(),
    'on DynamoDB': open,
  };
  const CASES = Object.keys(OTHERS).flatMap(name => Object.keys(GROUNDS).map(ground => [name, ground]));

  it.each(CASES)('beside %s, in every order of their steps, %s', async (name = '', ground = '') => {
    const runs = await everyWay(async choose => {
      const world = worldOn(await GROUNDS[ground]?.());
      const { id, value } = await newToken(world);
      const ending = await startProcess(around => end(stepping(world, around), value));
      const other = await startProcess(async around => {
        if (name === 'the same end') await end(stepping(world, around), value);
        else await OTHERS[name]?.(stepped(world.tokens, ['tokens', 'audit'], around), id);
      });
      await interleave([ending, other], choose, 0);
      expect(await logsIn(world, value)).toBe(false);
    });
    expect(runs).toBeGreaterThan(3);
  });

  it.each(['before', 'after'] as Moment[])('when any step fails, %s it is carried out', async moment => {
    const world = worldOn();
    const first = await newToken(world);
    const steps = await countSteps(around => end(stepping(world, around), first.value));
    expect(steps).toBe(3);
    for (let nth = 0; nth < steps; nth++) {
      const { value } = await newToken(world);
      const failing = stepping(world, failingAt(nth, moment));
      await expect(end(failing, value)).rejects.toMatchObject({ code: 'unavailable' });
      const isCarriedOut = moment === 'after' && nth === steps - 1;
      expect(await logsIn(world, value)).toBe(!isCarriedOut);
      await end(portsOf(world), value);
      expect(await logsIn(world, value)).toBe(false);
    }
  });

  it.each(['before', 'after'] as Moment[])('also of a credential, when it fails %s', async moment => {
    // It is read, audited and journaled.
    for (const nth of [0, 1, 2]) {
      const world = worldOn();
      const { value } = await newToken(world);
      const credential = await newCredential(world, value);
      const failing = stepping(world, failingAt(nth, moment));
      await expect(end(failing, credential)).rejects.toMatchObject({ code: 'unavailable' });
      const isCarriedOut = moment === 'after' && nth === 2;
      expect(await logsIn(world, credential)).toBe(!isCarriedOut);
      await end(portsOf(world), credential);
      expect([await logsIn(world, credential), await logsIn(world, value)]).toEqual([false, true]);
    }
  });
});

describe('how often', () => {
  const tooOften = { code: 'rate-limited', details: { denial: 'too-often' } };

  it('credentials of one parent are revoked is bounded, and the credential beyond stays good', async () => {
    const world = worldOn();
    const [busy, other] = [await newToken(world), await newToken(world)];
    const ports = { ...portsOf(world), revocations: rateLimiter(2).take };
    const credentials: string[] = [];
    for (const { value } of [busy, busy, busy, other]) credentials.push(await newCredential(world, value));
    const [first = '', second = '', third = '', ofOther = ''] = credentials;
    await end(ports, first);
    await end(ports, second);
    await expect(end(ports, third)).rejects.toMatchObject(tooOften);
    await end(ports, ofOther);
    expect(await Promise.all(credentials.map(value => logsIn(world, value)))).toEqual([
      false,
      false,
      true,
      false,
    ]);
    // The parent itself can always be ended.
    await end(ports, busy.value);
    expect(await logsIn(world, third)).toBe(false);
  });

  it('one parent vends is bounded, and another one is not kept from it', async () => {
    const world = worldOn();
    const logins = { ...world.logins, vends: rateLimiter(2).take };
    const [busy, other] = [await newToken(world), await newToken(world)];
    for (let i = 0; i < 2; i++) await newCredential({ ...world, logins }, busy.value);
    await expect(newCredential({ ...world, logins }, busy.value)).rejects.toMatchObject(tooOften);
    await newCredential({ ...world, logins }, other.value);
  });
});

it('what is about to be ended is recorded first: what could not be recorded is not done', async () => {
  const world = worldOn();
  const { id, value } = await newToken(world);
  const names: string[] = [];
  await end(
    stepping(world, (name, step) => {
      names.push(name);
      return step();
    }),
    value,
  );
  expect(names).toEqual(['store.read', 'audit.record', 'tokens.update']);
  const disabled = (await world.stores.tokens.get('dev:acme', id, world.now))?.disabled;
  expect(disabled).toEqual({ at: world.now, by: `token:${id}` });
});
