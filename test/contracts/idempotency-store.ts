/** The contract of `IdempotencyStore`. */
import { describe, expect, it } from 'vitest';
import { IDEMPOTENCY_SECONDS } from '../../lib/domain/idempotency.ts';
import { ACCOUNT, aRequest, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import type { OpenStores } from './stores.ts';

export function idempotencyStoreContract(open: OpenStores): void {
  describe('an idempotency store', () => {
    it('answers a repetition with what the first request stored', async () => {
      const { requests } = await open();
      const first = aRequest();
      expect(await requests.begin(ACCOUNT, first, NOW)).toEqual(first);
      expect(await requests.begin(ACCOUNT, aRequest({ key: first.key }), NOW + 1)).toEqual(first);
    });

    it('lets one of many requests at once be the first', async () => {
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

    it('keeps accounts apart', async () => {
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

    it('finishes no other request than the one that began', async () => {
      const { requests } = await open();
      const standing = aRequest();
      await requests.begin(ACCOUNT, standing, NOW);
      await requests.finish(ACCOUNT, aRequest({ key: standing.key }));
      await requests.finish(ACCOUNT, aRequest());
      expect(await requests.begin(ACCOUNT, aRequest({ key: standing.key }), NOW)).toEqual(standing);
    });
  });
}
