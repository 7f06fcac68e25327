/** Idempotency records: one for each request, for a day, without a value. */
import { describe, expect, it } from 'vitest';
import { IDEMPOTENCY_SECONDS } from '../../lib/domain/idempotency.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { losingAnswer } from '../support/faulty-table.ts';
import { ACCOUNT, aRequest, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

describe('an idempotency store', () => {
  it('answers a repeated request with the record of the first', async () => {
    const { requests } = await open();
    const first = aRequest();
    expect(await requests.begin(ACCOUNT, first, NOW)).toEqual(first);
    expect(await requests.begin(ACCOUNT, aRequest({ key: first.key }), NOW + 1)).toEqual(first);
  });

  it('stores one of many requests at once', async () => {
    const { requests } = await open();
    const { key } = aRequest();
    const rivals = Array.from({ length: 6 }, () => aRequest({ key }));
    const answers = await Promise.all(rivals.map(rival => requests.begin(ACCOUNT, rival, NOW)));
    expect(new Set(answers.map(({ write }) => write)).size).toBe(1);
  });

  it('remembers that the request is done', async () => {
    const { requests } = await open();
    const first = aRequest();
    await requests.begin(ACCOUNT, first, NOW);
    await requests.finish(ACCOUNT, first);
    const repeated = await requests.begin(ACCOUNT, aRequest({ key: first.key }), NOW);
    expect(repeated).toEqual({ ...first, state: 'done' });
  });

  it('tells accounts apart', async () => {
    const { requests } = await open();
    const first = aRequest();
    const other = aRequest({ key: first.key });
    await requests.begin(ACCOUNT, first, NOW);
    expect(await requests.begin(OTHER_ACCOUNT, other, NOW)).toEqual(other);
  });

  it('forgets a request after a day, to the second', async () => {
    const { requests } = await open();
    const end = NOW + IDEMPOTENCY_SECONDS;
    const first = aRequest();
    const next = aRequest({ key: first.key, createdAt: end });
    await requests.begin(ACCOUNT, first, NOW);
    expect(await requests.begin(ACCOUNT, next, end - 1)).toEqual(first);
    expect(await requests.begin(ACCOUNT, next, end)).toEqual(next);
  });

  it('does not finish another request than the one that began', async () => {
    const { requests } = await open();
    const earlier = aRequest();
    await requests.begin(ACCOUNT, earlier, NOW);
    await requests.finish(ACCOUNT, aRequest({ key: earlier.key }));
    await requests.finish(ACCOUNT, aRequest());
    expect(await requests.begin(ACCOUNT, aRequest({ key: earlier.key }), NOW)).toEqual(earlier);
  });
});

describe('an idempotency record', () => {
  const keyOf = (key: string) => ({ pk: `account#${accountHandle(ACCOUNT)}`, sk: `request#${key}` });

  it('stores these facts and never a value', async () => {
    const table = await openTable();
    const record = aRequest();
    await storesOn(table).requests.begin(ACCOUNT, record, NOW);
    expect(await table.get(keyOf(record.key))).toEqual({
      ...keyOf(record.key),
      account: ACCOUNT,
      payload: record.payload,
      tokenId: record.tokenId,
      generation: 1,
      write: record.write,
      state: 'pending',
      createdAt: NOW,
      expiresAt: NOW + IDEMPOTENCY_SECONDS,
    });
  });

  it('is returned to its own request when the answer was lost', async () => {
    const table = losingAnswer(await openTable(), 'put');
    const record = aRequest();
    expect(await storesOn(table).requests.begin(ACCOUNT, record, NOW)).toEqual(record);
  });

  it.each([
    ['another account', { account: OTHER_ACCOUNT }],
    ['no state', { state: '' }],
  ])('of %s is an error', async (_, facts) => {
    const table = await openTable();
    const { requests } = storesOn(table);
    const record = aRequest();
    await requests.begin(ACCOUNT, record, NOW);
    await table.update(keyOf(record.key), { set: facts });
    const repeated = requests.begin(ACCOUNT, record, NOW);
    await expect(repeated).rejects.toMatchObject({ code: 'internal' });
  });
});
