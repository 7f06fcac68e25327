/** The keys of a service that was removed: readable for an hour, then unreadable, and back when the service comes back. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretsManager } from '../../lib/aws/secrets.ts';
import type { Table } from '../../lib/ports/table.ts';
import { type SecretKeyStore, secretKeyStore } from '../../lib/signing/key-store.ts';
import { keyRetirement } from '../../lib/signing/retirement.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { losingAnswer, watchedTable } from '../support/faulty-table.ts';
import { LoopbackAws, refused } from '../support/loopback-aws.ts';
import { useTables } from '../support/tables.ts';
import { KID, NOW, X5C } from './context.ts';

const HOUR = 3600;
const { open } = useTables();

let aws: LoopbackAws;
let keys: SecretKeyStore;
let ledger: Table;
beforeEach(async () => {
  aws = await LoopbackAws.start();
  keys = secretKeyStore(secretsManager(aws.caller('secretsManager'), randomBytes), 'pullpass-test');
  ledger = await open();
  for (const service of [X5C, KID]) await maintainRing(service, keys, NOW);
});
afterEach(() => aws.close());

const retire = (services: readonly (typeof X5C)[], now: number) =>
  keyRetirement(ledger, keys).retire(services, now);
/** Which of its documents can be read. */
const readable = async (service: string) => {
  const files = ['ring.json', 'root.json', 'public.json'] as const;
  const texts = await Promise.all(files.map(file => keys.read(service, file).catch(() => undefined)));
  return files.filter((_, i) => texts[i] !== undefined);
};

describe('the keys of a service that was removed', () => {
  beforeEach(() => retire([X5C, KID], NOW));

  it('stay for an hour, which a deployment may need to be taken back, and cannot be read after that', async () => {
    expect(await retire([X5C], NOW + HOUR)).toEqual([]);
    expect(await retire([X5C], NOW + 2 * HOUR - 1)).toEqual([]);
    expect(await readable(KID.name)).toEqual(['ring.json', 'public.json']);
    expect(await retire([X5C], NOW + 2 * HOUR)).toEqual([KID.name]);
    expect(await readable(KID.name)).toEqual([]);
    expect(await readable(X5C.name)).toEqual(['ring.json', 'root.json', 'public.json']);
    expect(await retire([X5C], NOW + 3 * HOUR)).toEqual([]);
  });

  it('stay when it came back within the hour', async () => {
    await retire([X5C], NOW + HOUR);
    await retire([X5C, KID], NOW + HOUR + 1);
    expect(await retire([X5C], NOW + 3 * HOUR)).toEqual([]);
    expect(await readable(KID.name)).toHaveLength(2);
  });

  it('are the same when it comes back within a month: registries still trust its root', async () => {
    const before = await keys.read(X5C.name, 'root.json');
    await retire([KID], NOW + HOUR);
    await retire([KID], NOW + 2 * HOUR);
    expect(await readable(X5C.name)).toEqual([]);
    await retire([X5C, KID], NOW + 3 * HOUR);
    await maintainRing(X5C, keys, NOW + 3 * HOUR);
    expect(await readable(X5C.name)).toHaveLength(3);
    expect(await keys.read(X5C.name, 'root.json')).toBe(before);
  });

  it('are deleted by the next run when one could not delete them, and never at once for good', async () => {
    await retire([X5C], NOW + HOUR);
    aws.instead = ({ operation, input }) =>
      operation === 'DeleteSecret' && input.SecretId.includes('/public/')
        ? refused('InternalServiceError', 500)
        : undefined;
    await expect(retire([X5C], NOW + 2 * HOUR)).rejects.toMatchObject({ name: 'InternalServiceError' });
    expect(await readable(KID.name)).toEqual(['public.json']);
    aws.instead = () => undefined;
    expect(await retire([X5C], NOW + 3 * HOUR)).toEqual([KID.name]);
    const deletions = aws.requests.filter(({ operation }) => operation === 'DeleteSecret');
    for (const { input } of deletions) {
      expect(input.RecoveryWindowInDays).toBe(30);
      expect(input.ForceDeleteWithoutRecovery).toBeUndefined();
    }
  });

  it('are none of the services that two runs know at the same time', async () => {
    let other: Promise<unknown> | undefined;
    const racing = watchedTable(ledger, async (name, step) => {
      if (name === 'table.update' && other === undefined) {
        other = retire([X5C, KID, { ...X5C, name: 'new.example' }], NOW + 1);
        await other;
      }
      return step();
    });
    await keyRetirement(racing, keys).retire([X5C, KID, { ...X5C, name: 'other.example' }], NOW + 2);
    const item = await ledger.get({ pk: 'ledger', sk: 'services' });
    expect(Object.keys(item?.services as object)).toEqual(
      [X5C.name, KID.name, 'new.example', 'other.example'].sort(),
    );
  });

  it('are known although the answer of the ledger was lost', async () => {
    const lossy = losingAnswer(ledger, 'update');
    await keyRetirement(lossy, keys).retire([X5C, KID, { ...X5C, name: 'new.example' }], NOW + 1);
    const item = await ledger.get({ pk: 'ledger', sk: 'services' });
    expect(Object.keys(item?.services as object)).toContain('new.example');
  });
});
