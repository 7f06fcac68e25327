/** Refused logins: kept for a day, for their account and request alone, and refused where an item is damaged. */
import { describe, expect, it } from 'vitest';
import { REFUSAL_SECONDS, type Refusal } from '../../lib/ports/refusals.ts';
import { refusalStore } from '../../lib/store/refusal-store.ts';
import { rejectionOf } from '../support/errors.ts';
import { NOW } from '../support/records.ts';
import { itemsOf, useStores } from '../support/stores.ts';

const { openTable } = useStores();

const SIGNAL = new AbortController().signal;
const REFUSAL: Refusal = {
  handle: 'h',
  requestId: 'r',
  at: NOW,
  subject: 'token:t',
  why: 'disabled',
  service: 'registry.example',
  repositories: ['team-a/app', 'team-a/web'],
  sourceAddress: '192.0.2.1',
};

describe('a refusal', () => {
  it('is found as it was added, by its account and request, until a day has passed', async () => {
    const store = refusalStore({ table: await openTable() });
    await store.add(REFUSAL, SIGNAL);
    expect(await store.find('h', 'r', NOW + REFUSAL_SECONDS - 1)).toEqual(REFUSAL);
    expect(await store.find('h', 'r', NOW + REFUSAL_SECONDS)).toBeUndefined();
    expect(await store.find('other', 'r', NOW)).toBeUndefined();
    expect(await store.find('h', 'other', NOW)).toBeUndefined();
  });

  it('is kept in a partition of its account, which nothing else is written to', async () => {
    const table = await openTable();
    await refusalStore({ table }).add(REFUSAL, SIGNAL);
    const expiresAt = NOW + REFUSAL_SECONDS;
    expect(await itemsOf(table)).toMatchObject([{ pk: 'refused#h', sk: 'r', expiresAt }]);
  });

  it('stays the first of its request', async () => {
    const store = refusalStore({ table: await openTable() });
    await store.add(REFUSAL, SIGNAL);
    await store.add({ ...REFUSAL, why: 'removed' }, SIGNAL);
    expect(await store.find('h', 'r', NOW)).toEqual(REFUSAL);
  });

  it.each(['at', 'subject', 'why', 'service', 'repositories', 'sourceAddress', 'expiresAt'])(
    'of which %s is damaged or missing is refused, with its name',
    async name => {
      const table = await openTable();
      const store = refusalStore({ table });
      await store.add(REFUSAL, SIGNAL);
      const [item = { pk: '', sk: '' }] = await itemsOf(table);
      const { [name]: _, ...others } = item as Record<string, unknown>;
      for (const damaged of [others, { ...others, [name]: { not: 'this' } }]) {
        await table.put({ pk: item.pk, sk: item.sk, ...damaged });
        expect(await rejectionOf(store.find('h', 'r', NOW))).toMatchObject({
          code: 'internal',
          details: { reason: expect.stringContaining(`: ${name} is malformed`) },
        });
      }
    },
  );
});
