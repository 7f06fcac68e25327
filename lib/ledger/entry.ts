/** Ledger entries as text, and the days that they are sorted by. Anything unknown is an error: it could be a revocation. */

import * as v from 'valibot';
import { PullpassError } from '../domain/errors.ts';
import { type Account, isIdentifierValue, isIssuerKey, isUuid } from '../domain/identifiers.ts';
import { isNetwork } from '../domain/networks.ts';
import { isNamespace, isPattern } from '../domain/repository.ts';
import { LEDGER_SECONDS, type RemainingAccess, type RevocationEntry } from '../domain/revocation.ts';
import { DAY_SECONDS, dayOf, toSeconds } from '../domain/time.ts';
import type { TimeRange } from '../ports/ledger.ts';

const DAY_MS = DAY_SECONDS * 1000;

/** The day of the oldest entry that is still stored. */
export function oldestDay(nowMs: number): string {
  return dayOf(toSeconds(nowMs) - LEDGER_SECONDS);
}

/** The first day of the time range that is still stored. */
export function firstDay({ sinceMs, nowMs }: TimeRange): string {
  const [day, oldest] = [dayOf(toSeconds(sinceMs)), oldestDay(nowMs)];
  return day > oldest ? day : oldest;
}

/** The next day; undefined beyond tomorrow, which a clock that is ahead may have written. */
export function dayAfter(day: string, nowMs: number): string | undefined {
  const next = Date.parse(day) + DAY_MS;
  return next > nowMs + DAY_MS ? undefined : dayOf(toSeconds(next));
}

const HASH_BYTES = 32;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Id = v.pipe(v.string(), v.check(isUuid));

const Qualified = v.custom<Account>(value => typeof value === 'string' && isQualified(value));

const Hash = v.pipe(
  v.string(),
  v.transform(text => Buffer.from(text, 'base64url')),
  v.check(bytes => bytes.length === HASH_BYTES),
);

const Version = v.strictObject({ account: Qualified, id: Id, version: Count });

/** `issuedBy` is what entries call the issuance id. */
const Left = v.pipe(
  v.strictObject({
    generation: Count,
    hash: Hash,
    issuedBy: v.string(),
    previous: v.nullable(v.strictObject({ hash: Hash, expiresAt: Count })),
    access: v.picklist(['pull', 'push']),
    repositories: v.nullable(v.array(v.pipe(v.string(), v.check(isPattern)))),
    disabled: v.nullable(v.strictObject({ at: Count, by: Qualified })),
    expiresAt: v.nullable(Count),
    // Absent in entries without them, and in all before there were such bounds.
    pullsPerDay: v.optional(Count),
    networks: v.optional(v.array(v.pipe(v.string(), v.check(isNetwork)))),
    selfRotate: v.optional(v.literal(true)),
  }),
  v.transform(
    ({ issuedBy: issuanceId, pullsPerDay = null, networks = null, selfRotate = false, ...left }) => ({
      ...left,
      issuanceId,
      pullsPerDay,
      networks,
      selfRotate,
    }),
  ),
);

const Claim = v.strictObject({
  name: v.pipe(v.string(), v.check(isNamespace)),
  account: Qualified,
  state: v.picklist(['held', 'released']),
  epoch: Count,
});

const Rules = v.strictObject({
  maxExpiresInSeconds: Count,
  nonExpiring: v.picklist(['allowed', 'forbidden']),
  maxCredentialSeconds: Count,
  retrievable: v.boolean(),
  requireOwner: v.boolean(),
  requireNetworks: v.boolean(),
});

const when = { id: Id, at: Count };

const Entry = v.variant('act', [
  v.strictObject({ act: v.literal('narrow-token'), ...when, token: Version, left: Left }),
  v.strictObject({ act: v.literal('remove-token'), ...when, token: Version }),
  v.strictObject({ act: v.literal('write-claim'), ...when, claim: Claim }),
  v.strictObject({
    act: v.picklist(['remove-policy', 'remove-trust']),
    ...when,
    account: Qualified,
    rule: Id,
  }),
  v.strictObject({
    act: v.literal('narrow-rules'),
    ...when,
    account: Qualified,
    version: Count,
    left: Rules,
  }),
  v.strictObject({
    act: v.literal('end-credential'),
    ...when,
    handle: v.string(),
    jti: v.string(),
    expiresAt: Count,
  }),
  v.strictObject({ act: v.literal('spend-proof'), ...when, mark: v.string(), expiresAt: Count }),
]) satisfies v.GenericSchema<unknown, RevocationEntry>;

/** One line of JSON, without its end. */
export function formatEntry(entry: RevocationEntry): string {
  return JSON.stringify(entry.act === 'narrow-token' ? { ...entry, left: toJson(entry.left) } : entry);
}

/** Throws `internal` for anything that `formatEntry` does not write. */
export function parseEntry(text: string): RevocationEntry {
  try {
    return v.parse(Entry, JSON.parse(text));
  } catch (cause) {
    throw new PullpassError('internal', { reason: 'malformed ledger entry', cause });
  }
}

function toJson({ hash, previous, issuanceId: issuedBy, ...rest }: RemainingAccess): object {
  const { pullsPerDay, networks, selfRotate, ...bounds } = rest;
  const graced = previous && { ...previous, hash: base64url(previous.hash) };
  const given = {
    ...(pullsPerDay === null ? {} : { pullsPerDay }),
    ...(networks === null ? {} : { networks }),
    ...(selfRotate ? { selfRotate } : {}),
  };
  return { ...bounds, issuedBy, hash: base64url(hash), previous: graced, ...given };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function isQualified(text: string): boolean {
  const [issuer = '', ...rest] = text.split(':');
  return isIssuerKey(issuer) && isIdentifierValue(rest.join(':'));
}
