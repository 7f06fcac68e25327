/** What differs between a token and what a caller wants of it, and the change that makes it so. Of what the caller does not name, nothing is wanted. */

import type { Problem } from './errors.ts';
import { toRfc3339 } from './time.ts';
import type { TokenPatch, TokenRecord } from './token-record.ts';

/** As in a request: an absent member may be as it is. */
export interface WantedToken extends Omit<TokenPatch, 'disabled' | 'expiresAt' | 'pullsPerDay'> {
  /** false: it ends, whenever that is. */
  readonly nonExpiring?: boolean | undefined;
  /** From the time that the token was added, so that the same request wants the same end on another day. */
  readonly expiresInSeconds?: number | undefined;
  readonly retrievable?: boolean | undefined;
  readonly limits?: { readonly pullsPerDay?: number | undefined } | null | undefined;
}

export type WantedMember = keyof WantedToken;

/** Whether the token is as the member of the request wants it. */
const IS_AS_WANTED: {
  readonly [M in WantedMember]-?: (record: TokenRecord, wanted: NonNullable<Pick<WantedToken, M>>) => boolean;
} = {
  description: (record, { description }) => record.description === description,
  access: (record, { access }) => record.access === access,
  nonExpiring: ({ expiresAt }, { nonExpiring }) => (expiresAt === null) === nonExpiring,
  expiresInSeconds: ({ createdAt, expiresAt }, { expiresInSeconds = 0 }) =>
    expiresAt === createdAt + expiresInSeconds,
  repositories: (record, { repositories }) => areSame(record.repositories, repositories),
  retrievable: ({ derivation }, { retrievable }) => (derivation !== null) === retrievable,
  limits: (record, { limits }) => record.pullsPerDay === (limits?.pullsPerDay ?? null),
  labels: ({ labels }, { labels: wanted = {} }) => areSame(entriesOf(labels), entriesOf(wanted)),
  owner: (record, { owner }) => record.owner === owner,
  networks: (record, { networks }) => areSame(record.networks, networks),
  selfRotate: (record, { selfRotate }) => record.selfRotate === selfRotate,
};

/** The members of the request that the token is not as, in one order. */
export function differences(record: TokenRecord, wanted: WantedToken): WantedMember[] {
  const members = Object.keys(IS_AS_WANTED) as WantedMember[];
  return members.filter(
    member => wanted[member] !== undefined && !IS_AS_WANTED[member](record, wanted as never),
  );
}

/** The change that makes a token as wanted, and why there is none for some members. */
export interface WantedChange {
  readonly patch: TokenPatch;
  readonly problems: readonly Problem[];
}

/** `life` is that of a token that the request adds, in seconds; null: it never ends. */
export function changeTo(
  record: TokenRecord,
  wanted: WantedToken,
  { life, now }: { readonly life: number | null; readonly now: number },
): WantedChange {
  const { nonExpiring, expiresInSeconds, retrievable, limits, ...patch } = wanted;
  const [ending] = differences(record, { nonExpiring, expiresInSeconds });
  const expiresAt = life === null ? null : record.createdAt + life;
  const problems: Problem[] = [];
  if (differences(record, { retrievable }).length > 0) {
    problems.push({ path: 'retrievable', message: 'cannot be changed; remove the token first' });
  }
  if (ending !== undefined && expiresAt !== null && expiresAt <= now) {
    const added = toRfc3339(record.createdAt);
    const message = `counts from when the token was added (${added}) and is over; remove the token first`;
    problems.push({ path: ending, message });
  }
  return {
    patch: {
      ...patch,
      ...(limits === undefined ? {} : { pullsPerDay: limits?.pullsPerDay ?? null }),
      ...(ending === undefined ? {} : { expiresAt }),
    },
    problems,
  };
}

function areSame(some: readonly string[] | null, other: readonly string[] | null | undefined): boolean {
  if (some === null || other == null) return some === other;
  return some.length === other.length && some.every(text => other.includes(text));
}

function entriesOf(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(entry => JSON.stringify(entry));
}
