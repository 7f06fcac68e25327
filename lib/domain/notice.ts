/** What others are told of tokens: which changes are events, when the end of a token is announced, and the event itself. */

import { accountHandle, type Subject } from './identifiers.ts';
import { DAY_SECONDS, HOUR_SECONDS, toRfc3339 } from './time.ts';
import type { TokenRecord } from './token-record.ts';

export type NoticeType = 'token.disabled' | 'token.expiring' | 'token.revoked' | 'token.rotated';

/** What a receiver is told beside the token itself. */
export type NoticeFacts = Readonly<Record<string, boolean | number | string | null>>;

/** An event of CloudEvents 1.0, in the JSON format. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same in every repetition. */
  readonly id: string;
  readonly source: string;
  readonly type: NoticeType;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Readonly<Record<string, unknown>>;
}

/** How long before its end a token is announced, if it lives at least so many times longer. */
export const EXPIRY_NOTICES = {
  beforeSeconds: [30 * DAY_SECONDS, 7 * DAY_SECONDS, DAY_SECONDS],
  leastLives: 4,
  /** They are scheduled so long ahead, because the cleanup finds tokens once a day. */
  aheadSeconds: 25 * HOUR_SECONDS,
} as const;

/** The event that a change makes; undefined: none. */
export function noticeOfChange(
  before: TokenRecord,
  after: TokenRecord,
): { readonly type: NoticeType; readonly facts: NoticeFacts } | undefined {
  const endsAt = graceEnd(after);
  if (after.generation > before.generation) {
    const previousValueEndsAt = endsAt > 0 ? toRfc3339(endsAt) : null;
    return { type: 'token.rotated', facts: { generation: after.generation, previousValueEndsAt } };
  }
  if (before.disabled === null && after.disabled !== null) {
    const { by } = after.disabled;
    if (isHolder(by)) return { type: 'token.revoked', facts: { ended: 'token', how: 'by-its-holder' } };
    return { type: 'token.disabled', facts: { by } };
  }
  if (graceEnd(before) === 0 || endsAt > 0) return undefined;
  return { type: 'token.revoked', facts: { ended: 'previous-value', how: 'by-its-holder' } };
}

/** 0: no value before works. */
function graceEnd({ previous }: TokenRecord): number {
  return previous?.expiresAt ?? 0;
}

/** Of a token that is removed. */
export const REMOVED = { type: 'token.revoked', facts: { ended: 'token', how: 'removed' } } as const;

function isHolder(subject: Subject): boolean {
  return subject.startsWith('token:');
}

/**
 * When the end of a token is announced between the two times, in seconds since 1970; of several that have passed only the
 * last, so that a token which is found late is announced once.
 */
export function expiryNoticesOf(
  { createdAt, expiresAt }: Pick<TokenRecord, 'createdAt' | 'expiresAt'>,
  { now, until }: { readonly now: number; readonly until: number },
): { readonly dueAt: number; readonly beforeSeconds: number }[] {
  const end = expiresAt ?? 0;
  if (end <= now) return [];
  const life = end - createdAt;
  const fitting = EXPIRY_NOTICES.beforeSeconds.filter(before => life >= before * EXPIRY_NOTICES.leastLives);
  const all = fitting.map(beforeSeconds => ({ beforeSeconds, dueAt: end - beforeSeconds }));
  const passed = all.filter(({ dueAt }) => dueAt <= now).slice(-1);
  return [...passed, ...all.filter(({ dueAt }) => dueAt > now && dueAt <= until)];
}

/** The token as events describe it: nothing in it is secret. */
function tokenFacts(token: TokenRecord): Readonly<Record<string, unknown>> {
  const { account, id, name, description, labels, owner, access, expiresAt } = token;
  return {
    account,
    token: id,
    name,
    description,
    labels,
    owner,
    access,
    expiresAt: expiresAt === null ? null : toRfc3339(expiresAt),
  };
}

/** The event; `source` is `PULLPASS_URL`, below which each account is a source of its own. */
export function cloudEventOf({ id, type, at, token, facts }: NoticeContent, publicUrl: string): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source: `${publicUrl}/accounts/${accountHandle(token.account)}`,
    type,
    subject: token.id,
    time: toRfc3339(at),
    datacontenttype: 'application/json',
    data: { ...tokenFacts(token), ...facts },
  };
}

export interface NoticeContent {
  readonly id: string;
  readonly type: NoticeType;
  /** When it happened, in seconds since 1970. */
  readonly at: number;
  readonly token: TokenRecord;
  readonly facts: NoticeFacts;
}

const SECRET_PREFIX = 'whsec_';
/** The specification asks for 24 to 64. */
const KEY_BYTES = { min: 24, max: 64 } as const;

/** The key in a secret of Standard Webhooks; undefined for any other text. */
export function webhookKey(secret: string): Uint8Array | undefined {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const isRight = key.length >= KEY_BYTES.min && key.length <= KEY_BYTES.max;
  return isRight && SECRET_PREFIX + key.toString('base64') === secret ? key : undefined;
}
