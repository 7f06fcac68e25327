/** Rings over time: what they hold, and a run of maintenance and signatures, hour by hour. */
import { expect } from 'vitest';
import { currentKey, LONGEST_TOKEN_SECONDS } from '../../lib/domain/key-ring.ts';
import type { Service } from '../../lib/domain/service.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { claimsFor, context, headerOf, NOW, X5C } from './context.ts';
import { verifyByChain, verifyByKeySet } from './verifiers.ts';

const DAY = 86_400;
const HOUR = 3600;

type Context = Awaited<ReturnType<typeof context>>;

export async function keysOf({ textOf }: Context, service: Service) {
  const { keys } = JSON.parse(await textOf(service, 'ring.json')) as {
    keys: { kid: string; useFrom: number | null; dropAfter: number | null }[];
  };
  return keys;
}

export async function kidAt({ fresh }: Context, service: Service, now: number): Promise<unknown> {
  return headerOf(await fresh().signer.sign(claimsFor(service, now), now)).kid;
}

/** In days. */
interface Run {
  readonly days: number;
  readonly stoppedFrom: number;
  readonly stoppedUntil: number;
}

/**
 * Maintains a ring with certificates and signs every hour. Each token must verify by the first bundle, and by the key set of an hour
 * ago. Returns the names of the keys that signed.
 */
export async function signEveryHour({ days, stoppedFrom, stoppedUntil }: Run): Promise<ReadonlySet<unknown>> {
  const g = await context([X5C]);
  const fetched: { at: number; jwks: { keys: Record<string, unknown>[] } }[] = [];
  const isStopped = (now: number) => now > NOW + stoppedFrom * DAY && now < NOW + stoppedUntil * DAY;
  const kids = new Set<unknown>();
  await maintainRing(X5C, g.directory, NOW);
  const bundle = { text: await g.bundleOf(X5C), directory: g.path };
  for (let now = NOW; now < NOW + days * DAY; now += HOUR) {
    if (!isStopped(now)) await maintainRing(X5C, g.directory, now);
    const { signer, publication } = g.fresh();
    const token = await signer.sign(claimsFor(X5C, now), now);
    const expected = { audience: X5C.name, algorithm: X5C.algorithm, now };
    fetched.push({ at: now, jwks: await publication.jwks(X5C.name, now) });
    const hourOld = fetched.find(({ at }) => at >= now - HOUR);
    await verifyByKeySet(token, hourOld?.jwks ?? { keys: [] }, expected);
    const { kid } = headerOf(token);
    if (!kids.has(kid) || now % (5 * DAY) === 0) {
      await verifyByChain(token, bundle, expected);
      await verifyByChain(token, bundle, { ...expected, now: now + X5C.lifetimeSeconds });
      const current = currentKey(await keysOf(g, X5C), now);
      expect(current?.dropAfter).toBeGreaterThanOrEqual(now + LONGEST_TOKEN_SECONDS);
    }
    kids.add(kid);
    expect((await keysOf(g, X5C)).length).toBeLessThanOrEqual(3);
  }
  return kids;
}
