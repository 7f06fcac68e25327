/** Sixty new services: how many calls of Secrets Manager they take, and how long these take at the latency of a region. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import type { Service } from '../../lib/domain/service.ts';
import { secretKeyStore } from '../../lib/signing/key-store.ts';
import { ringRotation } from '../../lib/signing/ring-rotation.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import { rotateKeys } from '../../lib/usecases/keys.ts';
import { LoopbackAws } from '../support/loopback-aws.ts';
import { KID, NOW, X5C } from './context.ts';

const SERVICES = 60;
/** Milliseconds, far above the usual: a read, and a write. */
const LATENCY = { GetSecretValue: 60, write: 250 };
const LIMIT_MS = 20_000;

it(`${SERVICES} new services get their keys four at a time, and within ${LIMIT_MS / 1000} s of waiting for Secrets Manager`, async () => {
  const aws = await LoopbackAws.start();
  const send = aws.caller('secretsManager');
  let [inFlight, most] = [0, 0];
  /** By service, what it has waited for so far. */
  const waited = new Map<string, number>();
  const counted: AwsCall = async (operation, input) => {
    const name =
      String(Object(input).SecretId ?? Object(input).Name)
        .split('/')
        .at(-1) ?? '';
    const latency = operation === 'GetSecretValue' ? LATENCY.GetSecretValue : LATENCY.write;
    waited.set(name, (waited.get(name) ?? 0) + latency);
    most = Math.max(most, ++inFlight);
    try {
      return await send(operation, input);
    } finally {
      inFlight--;
    }
  };
  const services = Array.from({ length: SERVICES }, (_, i): Service => {
    const profile = i % 3 === 0 ? KID : X5C;
    return { ...profile, name: `r${i}.example`, registry: `r${i}.example` };
  });
  const unused = () => Promise.reject(new Error('must not be called'));
  const report = await rotateKeys(
    {
      rings: ringRotation(secretKeyStore(secretsManager(counted, randomBytes), 'pullpass-test')),
      credentialKeys: {
        maintain: async () => ({ current: 'k1', next: null, added: [], removed: [] }),
        rotate: unused,
      },
      retirement: { retire: async () => [] },
      services,
      clock: () => NOW * 1000,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      metrics: NO_METRICS,
      remainingMs: () => 300_000,
    },
    { act: 'maintain' },
  );
  const calls = aws.requests.length;
  // As four workers would take the services one after the other.
  const workers = [0, 0, 0, 0];
  for (const ms of waited.values()) {
    const next = workers.indexOf(Math.min(...workers));
    workers[next] = (workers[next] ?? 0) + ms;
  }
  const seconds = Math.max(...workers) / 1000;
  console.log(`${SERVICES} new services: ${calls} calls, ${seconds.toFixed(1)} s of waiting, four at a time`);
  expect([report.rings.length, report.left.length]).toEqual([SERVICES, 0]);
  expect(most).toBe(4);
  expect(Math.max(...workers)).toBeLessThan(LIMIT_MS);
  await aws.close();
}, 60_000);
