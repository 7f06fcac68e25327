/** The contract of `Ledger`. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WIDEST } from '../../lib/domain/account-rules.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import type { RemainingAccess, Revocation, RevocationEntry } from '../../lib/domain/revocation.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { Ledger, TimeRange } from '../../lib/ports/ledger.ts';
import { inBatches } from '../support/batches.ts';
import { ACCOUNT, aClaim, aToken, NOW } from '../support/records.ts';

const NOW_MS = NOW * 1000;
const DAY_MS = DAY_SECONDS * 1000;
const EVER: TimeRange = { sinceMs: 0, nowMs: NOW_MS };

/** An empty ledger of its own. */
export type OpenLedger = () => Promise<Ledger>;

export function anEntry(revocation: Revocation, at = NOW_MS): RevocationEntry {
  return { ...revocation, id: uuidV7(at, randomBytes(UUID_RANDOM_BYTES)), at };
}

/** An entry of that time. */
const ofTime = (at: number) => anEntry({ act: 'write-claim', claim: aClaim() }, at);

/** All entries, and how many pages they took. */
export async function readLedger(
  ledger: Ledger,
  span: TimeRange = EVER,
): Promise<{ all: RevocationEntry[]; pages: number }> {
  const all: RevocationEntry[] = [];
  let pages = 0;
  let from: string | undefined;
  do {
    const page = await ledger.entries(span, from);
    all.push(...page.entries);
    from = page.next;
    pages++;
  } while (from !== undefined);
  return { all, pages };
}

const idsOf = (entries: readonly RevocationEntry[]) => new Set(entries.map(({ id }) => id));

const token = { account: ACCOUNT, id: aToken().id, version: 3 } as const;
const POOREST: RemainingAccess = {
  generation: 1,
  hash: randomBytes(32),
  issuanceId: 'a',
  previous: null,
  access: 'pull',
  repositories: null,
  disabled: null,
  expiresAt: null,
  pullsPerDay: null,
  networks: null,
  selfRotate: false,
};
const RICHEST: RemainingAccess = {
  ...POOREST,
  generation: 7,
  previous: { hash: randomBytes(32), expiresAt: NOW + 60 },
  access: 'push',
  repositories: ['team-a/*', 'team-b/app'],
  disabled: { at: NOW, by: 'dev:al:ice' },
  expiresAt: NOW + 60,
  pullsPerDay: 7,
  networks: ['192.0.2.0/24', '2001:db8::/32'],
  selfRotate: true,
};
const REVOCATIONS: readonly Revocation[] = [
  { act: 'narrow-token', token, left: POOREST },
  { act: 'narrow-token', token, left: RICHEST },
  { act: 'narrow-token', token, left: { ...RICHEST, repositories: [] } },
  { act: 'remove-token', token },
  { act: 'write-claim', claim: aClaim({ state: 'released', epoch: 4 }) },
  { act: 'remove-policy', account: ACCOUNT, rule: aToken().id },
  { act: 'remove-trust', account: ACCOUNT, rule: aToken().id },
  { act: 'narrow-rules', account: ACCOUNT, version: 0, left: WIDEST },
  {
    act: 'narrow-rules',
    account: ACCOUNT,
    version: 7,
    left: {
      ...WIDEST,
      nonExpiring: 'forbidden',
      maxExpiresInSeconds: 60,
      retrievable: false,
      requireOwner: true,
    },
  },
  { act: 'end-credential', handle: 'abcdefghijklmnop', jti: 'j', expiresAt: NOW + 60 },
  { act: 'spend-proof', mark: 'm', expiresAt: NOW + 60 },
];

export function ledgerContract(open: OpenLedger): void {
  describe('a ledger', () => {
    it('returns every kind of revocation as it was appended', async () => {
      const ledger = await open();
      const entries = REVOCATIONS.map((revocation, i) => anEntry(revocation, NOW_MS + i));
      for (const entry of entries) await ledger.append(entry);
      const { all } = await readLedger(ledger);
      expect(all).toEqual(entries);
    });

    it('is empty at first', async () => {
      expect((await readLedger(await open())).all).toEqual([]);
    });

    it('returns the days in order, from 36 days ago to the day of a clock that is ahead', async () => {
      const ledger = await open();
      const ages = [36, 35, 34, 20, 1, 0, -0.8];
      const entries = ages.map(days => ofTime(NOW_MS - days * DAY_MS));
      for (const entry of entries.toReversed()) await ledger.append(entry);
      expect((await readLedger(ledger)).all).toEqual(entries);
    });

    it('returns nothing that is older', async () => {
      const ledger = await open();
      await ledger.append(ofTime(NOW_MS - 37.5 * DAY_MS));
      await ledger.append(ofTime(NOW_MS));
      expect((await readLedger(ledger)).all).toHaveLength(1);
    });

    it('returns the entries since a moment, and no others', async () => {
      const ledger = await open();
      const entries = [2, 1.1, 1, 0.9, 0].map(days => ofTime(NOW_MS - days * DAY_MS));
      for (const entry of entries) await ledger.append(entry);
      const { all } = await readLedger(ledger, { sinceMs: NOW_MS - DAY_MS, nowMs: NOW_MS });
      expect(all).toEqual(entries.slice(2));
    });

    it('returns many entries in pages, each once', async () => {
      const ledger = await open();
      const entries = Array.from({ length: 1_300 }, (_, i) => ofTime(NOW_MS - (i % 3) * DAY_MS));
      await inBatches(entries, entry => ledger.append(entry));
      const { all, pages } = await readLedger(ledger);
      expect(pages).toBeGreaterThan(3);
      expect(idsOf(all)).toEqual(idsOf(entries));
      const days = all.map(({ at }) => at);
      expect(days).toEqual(days.toSorted((a, b) => a - b));
    });

    it('continues after a page that was read before, including what was appended since', async () => {
      const ledger = await open();
      await inBatches(
        Array.from({ length: 700 }, (_, i) => i),
        i => ledger.append(ofTime(NOW_MS + i)),
      );
      let page = await ledger.entries(EVER, undefined);
      while (page.entries.length === 0) page = await ledger.entries(EVER, page.next);
      const seen = page.entries.length;
      await ledger.append(ofTime(NOW_MS + 700));
      let rest = 0;
      while (page.next !== undefined) {
        page = await ledger.entries(EVER, page.next);
        rest += page.entries.length;
      }
      expect(seen + rest).toBe(701);
    });
  });
}
