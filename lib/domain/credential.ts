/**
 * A credential: `plc_` + key name + `.` + payload + MAC, at most 1024 characters. It holds its own permissions, so nothing
 * is stored when one is vended; at every login its parent is read again and limits it.
 */

import { type Access, actionsOf, PULL } from './access.ts';
import { type Digests, digestsOf, namesIn, parseDigests } from './digests.ts';
import type { Permission } from './grant.ts';
import { isHandle, type Subject } from './identifiers.ts';
import { coveringPatterns, isPattern, type Pattern } from './repository.ts';
import { CREDENTIAL_PREFIX, Secret } from './secret.ts';

/** What a credential was vended for. A credential is never a parent. */
export type Parent =
  | { readonly kind: 'token'; readonly id: string; readonly generation: number }
  | {
      readonly kind: 'identity';
      readonly subject: Subject;
      /** The only policies that count for the credential, by their ids; null: all. */
      readonly policies: Digests | null;
    }
  | { readonly kind: 'trust'; readonly subject: Subject; readonly ids: readonly string[] | Digests };

export interface Credential {
  /** 128 random bits in base64url, by which it can be revoked. */
  readonly jti: string;
  /** The handle of the account: a credential does not tell its account. */
  readonly handle: string;
  readonly parent: Parent;
  readonly service: string;
  readonly access: Access;
  /** null: every repository that the parent may use. */
  readonly repositories: PatternSet;
  /** Further repositories where it may pull, because its parent may not push there. */
  readonly alsoPull: PatternSet;
  /** Seconds since 1970. */
  readonly endsAt: number;
}

/** Patterns, in full or by their digests; null: all that there are. */
export type PatternSet = readonly Pattern[] | Digests | null;

/** The parts of a credential: the text under the MAC, the name of the key, and the MAC, not verified. */
export interface SignedCredential {
  readonly key: string;
  readonly body: string;
  readonly mac: string;
}

/** The lifetimes that a client may ask for. */
export const CREDENTIAL_LIFE_SECONDS = { min: 60, default: 3600, max: 43_200 } as const;

/** With the user name it fits into one line of every client's configuration, and into a header. */
export const MAX_CREDENTIAL_LENGTH = 1024;

/** The MAC is HMAC-SHA-256 in base64url. */
const SIGNED = /^(?<body>plc_(?<key>[a-z0-9]{1,8})\.[A-Za-z0-9_-]{1,1000})(?<mac>[A-Za-z0-9_-]{43})$/;

const KEY_NAME = /^[a-z0-9]{1,8}$/;

const JTI = /^[A-Za-z0-9_-]{22}$/;

/** What the credential allows at most in these repositories. */
export function boundsOf(
  { jti, access, repositories, alsoPull }: Credential,
  asked: readonly string[],
): Permission[] {
  const bound = { repositories: patternsIn(repositories, asked, jti), actions: actionsOf(access) };
  const hasMore = alsoPull === null || 'digests' in alsoPull || alsoPull.length > 0;
  return hasMore ? [bound, { repositories: patternsIn(alsoPull, asked, jti), actions: PULL }] : [bound];
}

/** Digests stand for the patterns among those that cover one of the names: no others matter to these. */
function patternsIn(set: PatternSet, asked: readonly string[], jti: string): readonly Pattern[] | null {
  if (set === null || !('digests' in set)) return set;
  return namesIn(set, asked.flatMap(coveringPatterns), jti);
}

/** The same credential in fewer characters, where it has many patterns or long ones. */
export function withDigests(credential: Credential): Credential {
  const shorter = (set: PatternSet) =>
    set === null || 'digests' in set || set.length === 0 ? set : digestsOf(set, credential.jti);
  return {
    ...credential,
    repositories: shorter(credential.repositories),
    alsoPull: shorter(credential.alsoPull),
  };
}

/** Whether a credential key may have this name, which is part of every credential. */
export function isCredentialKeyName(name: string): boolean {
  return KEY_NAME.test(name);
}

/** All of a credential but its MAC, which is computed over this text. */
export function credentialBody(key: string, credential: Credential): string {
  return `${CREDENTIAL_PREFIX}${key}.${Buffer.from(payloadOf(credential)).toString('base64url')}`;
}

/** The credential with its MAC; undefined when it would be too long. */
export function formatCredential(body: string, mac: Uint8Array): Secret | undefined {
  const text = body + formatMac(mac);
  return text.length > MAX_CREDENTIAL_LENGTH ? undefined : new Secret(text);
}

/** A MAC as it is written in a credential. MACs are compared as text, so that a credential has one spelling. */
export function formatMac(mac: Uint8Array): string {
  return Buffer.from(mac).toString('base64url');
}

/** The parts of a value; undefined for anything that cannot be a credential of ours. */
export function parseCredential(value: Secret): SignedCredential | undefined {
  const text = value.reveal();
  if (text.length > MAX_CREDENTIAL_LENGTH) return undefined;
  const groups = SIGNED.exec(text)?.groups;
  return groups && { key: String(groups.key), body: String(groups.body), mac: String(groups.mac) };
}

/** Reads a body whose MAC was verified; undefined for a payload that this version does not write. */
export function readCredentialBody(body: string): Credential | undefined {
  const payload = Buffer.from(body.slice(body.indexOf('.') + 1), 'base64url').toString('utf8');
  const credential = parsePayload(payload);
  return credential !== undefined && payloadOf(credential) === payload ? credential : undefined;
}

/** A list, because member names would take most of the space. */
function payloadOf(credential: Credential): string {
  const { jti, handle, parent, service, access, repositories, alsoPull, endsAt } = credential;
  const patterns = [repositories, alsoPull].map(writtenSet);
  return JSON.stringify([jti, handle, parentOf(parent), service, access, ...patterns, endsAt]);
}

function writtenSet(set: PatternSet): readonly Pattern[] | string | null {
  return set !== null && 'digests' in set ? set.digests : set;
}

function parentOf(parent: Parent): readonly unknown[] {
  switch (parent.kind) {
    case 'token':
      return ['token', parent.id, parent.generation];
    case 'identity':
      return ['identity', parent.subject, ...(parent.policies === null ? [] : [parent.policies.digests])];
    case 'trust':
      return ['trust', parent.subject, 'digests' in parent.ids ? parent.ids.digests : parent.ids];
  }
}

function parsePayload(payload: string): Credential | undefined {
  const [jti, handle, parent, service, access, ...rest] = listIn(payload);
  const [repositories, alsoPull] = rest.map(parsePatterns);
  const endsAt = rest[2];
  const readParent = parseParent(parent);
  const isWhole =
    isText(jti) &&
    JTI.test(jti) &&
    isText(handle) &&
    isHandle(handle) &&
    readParent !== undefined &&
    isText(service) &&
    (access === 'pull' || access === 'push') &&
    repositories !== undefined &&
    alsoPull !== undefined &&
    isCount(endsAt);
  if (!isWhole) return undefined;
  return { jti, handle, parent: readParent, service, access, repositories, alsoPull, endsAt };
}

function parseParent(value: unknown): Parent | undefined {
  const [kind, name, more] = Array.isArray(value) ? (value as unknown[]) : [];
  if (!isText(name)) return undefined;
  if (kind === 'token' && isCount(more)) return { kind, id: name, generation: more };
  if (!isSubject(name)) return undefined;
  const policies = more === undefined ? null : parseDigests(more);
  if (kind === 'identity') return policies === undefined ? undefined : { kind, subject: name, policies };
  const ids = isListOf(more, isText) ? more : parseDigests(more);
  return kind === 'trust' && ids !== undefined ? { kind, subject: name, ids } : undefined;
}

function listIn(json: string): unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** Undefined: no set of patterns. */
function parsePatterns(value: unknown): PatternSet | undefined {
  if (value === null || isListOf(value, isPattern)) return value;
  return parseDigests(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isSubject(text: string): text is Subject {
  return text.includes(':');
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isListOf(value: unknown, test: (text: string) => boolean): value is string[] {
  return Array.isArray(value) && value.every(member => isText(member) && test(member));
}
