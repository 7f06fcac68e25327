/** Key commands: what is asked of whom, what is logged and measured, and what one failure leaves undone. */
import { describe, expect, it } from 'vitest';
import type { Service } from '../../lib/domain/service.ts';
import type { CredentialKeyReport, RingReport } from '../../lib/ports/keys.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import { type KeyCommand, type KeyRotationPorts, rotateKeys } from '../../lib/usecases/keys.ts';
import { rejectionOf } from '../support/errors.ts';
import { NOW } from '../support/records.ts';

const serviceOf = (name: string): Service => ({
  ...{ name, registry: name, profile: 'x5c', algorithm: 'ES256', lifetimeSeconds: 300 },
});
const ringOf = (service: string, certified: boolean): RingReport => ({
  service,
  signs: 'k1',
  added: ['k1'],
  removed: [],
  keyEndsAt: certified ? NOW + 100 : null,
  rootEndsAt: certified ? NOW + 1000 : null,
});
const CREDENTIAL: CredentialKeyReport = { current: 'c1', next: null, added: ['c1'], removed: [] };

/** Ports for the services `a`, with certificates, and `b`; what `fails` throws. */
function world(fails?: string) {
  const calls: unknown[][] = [];
  const done = async <R>(report: R, ...call: unknown[]): Promise<R> => {
    calls.push(call);
    if (call[1] === fails) throw new Error(`no access to ${fails}`);
    return report;
  };
  const ring = (act: string) => (service: Service, now: number) =>
    done(ringOf(service.name, service.name === 'a'), act, service.name, now);
  const lines: unknown[][] = [];
  const line = (level: string) => (event: string, fields: object) => void lines.push([level, event, fields]);
  const values: unknown[][] = [];
  const unexpected = () => {
    throw new Error('must not be called');
  };
  const ports: KeyRotationPorts = {
    rings: { maintain: ring('maintain'), activate: ring('activate'), replace: ring('replace') },
    credentialKeys: {
      maintain: now => done(CREDENTIAL, 'maintain', 'credential', now),
      rotate: now => done(CREDENTIAL, 'rotate', 'credential', now),
    },
    services: [serviceOf('a'), serviceOf('b')],
    retirement: { retire: services => done([], 'retire', services.map(({ name }) => name).join(), NOW) },
    remainingMs: () => 300_000,
    clock: () => NOW * 1000 + 999,
    log: { info: line('info'), warn: line('warn'), error: line('error') },
    metrics: {
      count: name => void values.push([name, 1]),
      denied: unexpected,
      take: unexpected,
      flush: unexpected,
      observe: (name, value) => void values.push([name, value]),
    },
  };
  return { run: (command: KeyCommand) => rotateKeys(ports, command), calls, lines, values };
}

const lineOf = (name: 'a' | 'b') => {
  const { service: of, ...fields } = ringOf(name, name === 'a');
  return ['info', 'keys-maintained', { of, ...fields }];
};
const CREDENTIAL_LINE = ['info', 'keys-maintained', { of: 'credential', ...CREDENTIAL }];

describe('a key command', () => {
  it('that maintains does so for every ring and for credentials, and measures when certificates end', async () => {
    const { run, calls, lines, values } = world();
    expect(await run({ act: 'maintain' })).toEqual({
      rings: [ringOf('a', true), ringOf('b', false)],
      credentialKeys: CREDENTIAL,
      left: [],
      retired: [],
    });
    const [first, ...others] = calls;
    expect(first).toEqual(['retire', 'a,b', NOW]);
    expect(new Set(others)).toEqual(
      new Set([
        ['maintain', 'a', NOW],
        ['maintain', 'b', NOW],
        ['maintain', 'credential', NOW],
      ]),
    );
    expect(new Set(lines)).toEqual(new Set([lineOf('a'), lineOf('b'), CREDENTIAL_LINE]));
    expect(values).toEqual([
      ['LeafSecondsLeft', 100],
      ['RootSecondsLeft', 1000],
      ['KeysMaintained', 1],
    ]);
  });

  it.each(['a', 'b', 'credential'])(
    'that maintains goes on after a failure for %s, and fails',
    async failed => {
      const { run, calls, lines, values } = world(failed);
      await expect(run({ act: 'maintain' })).rejects.toThrow(
        new Error(`the keys of ${failed} could not be rotated: Error: no access to ${failed}`),
      );
      expect(calls).toHaveLength(4);
      expect(lines.filter(([level]) => level === 'error')).toEqual([
        ['error', 'keys-not-maintained', { of: failed, reason: `Error: no access to ${failed}` }],
      ]);
      expect(lines).toHaveLength(3);
      expect(values).toHaveLength(failed === 'a' ? 0 : 2);
    },
  );

  it.each(['activate', 'replace'] as const)('that says %s changes the ring of one service', async act => {
    const { run, calls, lines } = world();
    const answer = { rings: [ringOf('b', false)], credentialKeys: null, left: [], retired: [] };
    expect(await run({ act, service: 'b' })).toEqual(answer);
    expect([calls, lines]).toEqual([[[act, 'b', NOW]], [lineOf('b')]]);
  });

  it.each(['activate', 'replace'] as const)(
    'that says %s of a service that is not served fails',
    async act => {
      const { run, calls } = world();
      expect(await rejectionOf(run({ act, service: 'c' }))).toMatchObject({
        code: 'unknown-service',
        details: { reason: 'no service c' },
      });
      expect(calls).toEqual([]);
    },
  );

  it('for credentials rotates their key alone', async () => {
    const { run, calls, lines } = world();
    const answer = { rings: [], credentialKeys: CREDENTIAL, left: [], retired: [] };
    expect(await run({ act: 'rotate-credential-key' })).toEqual(answer);
    expect([calls, lines]).toEqual([[['rotate', 'credential', NOW]], [CREDENTIAL_LINE]]);
  });

  it('that maintains 60 services works on four at a time', async () => {
    const { maintaining, most } = many(60, () => 300_000);
    const { rings, left } = await maintaining();
    expect([rings.length, left, most()]).toEqual([60, [], 4]);
  });

  it('that maintains ends before its time, says what is left, and begins with that an hour later', async () => {
    let begun = 0;
    const { maintaining, order } = many(10, () => (++begun > 6 ? 30_000 : 30_001));
    const { rings, left } = await maintaining();
    expect(rings).toHaveLength(6);
    expect(left).toHaveLength(4);
    const next = many(10, () => 300_000, NOW + 3600);
    await next.maintaining();
    expect(next.order[0]).not.toBe(order[0]);
  });
});

/** So many services, each of which takes a turn of the event loop; `most` is how many were at work at once. */
function many(count: number, remainingMs: () => number, now = NOW) {
  let [atWork, most] = [0, 0];
  const order: string[] = [];
  const maintain = async ({ name }: Service) => {
    order.push(name);
    most = Math.max(most, ++atWork);
    await new Promise(setImmediate);
    atWork--;
    return ringOf(name, false);
  };
  const nothing = () => undefined;
  const unused = () => Promise.reject(new Error('must not be called'));
  const ports: KeyRotationPorts = {
    rings: { maintain, activate: unused, replace: unused },
    credentialKeys: { maintain: async () => CREDENTIAL, rotate: unused },
    retirement: { retire: async () => [] },
    services: Array.from({ length: count }, (_, i) => serviceOf(`s${i}`)),
    clock: () => now * 1000,
    log: { info: nothing, warn: nothing, error: nothing },
    metrics: NO_METRICS,
    remainingMs,
  };
  return { maintaining: () => rotateKeys(ports, { act: 'maintain' }), most: () => most, order };
}
