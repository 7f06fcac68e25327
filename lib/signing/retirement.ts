/** The end of the keys of a service that is no longer configured: an hour after it was removed they cannot be read any more. */
import { HOUR_SECONDS } from '../domain/time.ts';
import type { KeyRetirement } from '../ports/keys.ts';
import { absent, compare, type Key, type Table } from '../ports/table.ts';
import type { SecretKeyStore } from './key-store.ts';

/** Long enough for a deployment to fail and be rolled back. */
const GRACE_SECONDS = HOUR_SECONDS;

const ATTEMPTS = 5;

/**
 * Which services have keys, by name, and for each that is removed since when. In the ledger: no listing of all secrets of the account, which
 * AWS permits for all or for none, is needed.
 */
const KNOWN: Key = { pk: 'ledger', sk: 'services' };

type Known = Readonly<Record<string, string>>;

/** For a service that is configured. */
const IN_USE = 'in use';

export function keyRetirement(ledger: Table, keys: Pick<SecretKeyStore, 'remove'>): KeyRetirement {
  /** Another run may change the item at the same time: each change begins with what is stored then. */
  async function change(step: (known: Known) => Known): Promise<Known> {
    for (let attempts = 1; attempts <= ATTEMPTS; attempts++) {
      const item = await ledger.get(KNOWN);
      const before = sorted(Object.entries((item?.services ?? {}) as Known));
      const version = typeof item?.version === 'number' ? item.version : 0;
      const services = step(before);
      if (JSON.stringify(services) === JSON.stringify(before)) return before;
      const isSame = item === undefined ? absent('version') : compare('version', '=', version);
      const isWritten = await ledger.update(KNOWN, { set: { services, version: version + 1 } }, isSame);
      if (isWritten) return services;
    }
    throw new Error('the list of services was changed by another run every time');
  }

  return {
    async retire(services, now) {
      const configured = new Set(services.map(({ name }) => name));
      const known = await change(before => withRemovals(before, configured, now));
      const isOver = (since: string | undefined) =>
        since !== undefined && Number(since) + GRACE_SECONDS <= now;
      const over = Object.keys(known).filter(name => !configured.has(name) && isOver(known[name]));
      for (const name of over) await keys.remove(name);
      const isLeft = ([name]: Entry) => !over.includes(name);
      if (over.length > 0) await change(before => sorted(Object.entries(before).filter(isLeft)));
      return over;
    },
  };
}

function withRemovals(before: Known, configured: ReadonlySet<string>, now: number): Known {
  const removed = Object.entries(before).map(
    ([name, since]): Entry => [name, since === IN_USE ? `${now}` : since],
  );
  const inUse = [...configured].map((name): Entry => [name, IN_USE]);
  return sorted([...new Map([...removed, ...inUse])]);
}

type Entry = [name: string, since: string];

/** DynamoDB answers the members of a map in any order. */
function sorted(entries: readonly Entry[]): Known {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
