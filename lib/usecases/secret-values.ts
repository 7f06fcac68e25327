/** The values of registry tokens and credentials: made, derived again, signed and verified. */

import { timingSafeEqual } from 'node:crypto';
import {
  type Credential,
  credentialBody,
  formatCredential,
  formatMac,
  parseCredential,
  readCredentialBody,
} from '../domain/credential.ts';
import { PullpassError } from '../domain/errors.ts';
import type { Account } from '../domain/identifiers.ts';
import {
  derivationMessage,
  formatRegistryToken,
  hashRegistryToken,
  SALT_BYTES,
  SECRET_BYTES,
} from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { CredentialKeys, Derivation } from '../ports/keys.ts';
import type { RandomBytes } from '../ports/system.ts';

/** The value of a credential; undefined when it would be longer than a credential may be. */
export async function signCredential(
  keys: CredentialKeys,
  credential: Credential,
  now: number,
): Promise<Secret | undefined> {
  const current = await keys.current(now);
  const body = credentialBody(current, credential);
  const mac = await keys.mac(current, body, now);
  if (mac === undefined) throw new Error(`the current credential key ${current} is missing`);
  return formatCredential(body, mac);
}

/** The credential in a presented value, revoked or not; undefined for a value that we did not sign. */
export async function verifyCredential(
  keys: CredentialKeys,
  value: Secret,
  now: number,
): Promise<Credential | undefined> {
  const signed = parseCredential(value);
  if (signed === undefined) return undefined;
  const mac = await keys.mac(signed.key, signed.body, now);
  if (mac === undefined) return undefined;
  // Both are 43 characters, so the lengths that timingSafeEqual insists on are equal.
  const isOurs = timingSafeEqual(Buffer.from(formatMac(mac)), Buffer.from(signed.mac));
  return isOurs ? readCredentialBody(signed.body) : undefined;
}

export interface ValuePorts {
  readonly derivation: Derivation;
  readonly randomBytes: RandomBytes;
}

export interface ValueRequest {
  readonly account: Account;
  readonly id: string;
  /** Whether the value can be derived again later; if not, its secret is random. */
  readonly retrievable: boolean;
}

/** A new value, and the part of the record that verifies it. */
export interface NewValue {
  readonly value: Secret;
  readonly stored: Pick<TokenRecord, 'hash' | 'derivation'>;
}

export async function newValue(
  ports: ValuePorts,
  { account, id, retrievable }: ValueRequest,
): Promise<NewValue> {
  const derivation = retrievable
    ? { key: ports.derivation.currentKey, salt: ports.randomBytes(SALT_BYTES) }
    : null;
  const secret =
    derivation === null
      ? ports.randomBytes(SECRET_BYTES)
      : await ports.derivation.derive(derivation.key, derivationMessage(account, id, derivation.salt));
  const value = formatRegistryToken(account, id, secret);
  return { value, stored: { hash: hashRegistryToken(value), derivation } };
}

/** The current value of a token. Throws `not-retrievable` for one whose secret was random. */
export async function rederiveValue(
  { derivation: keys }: Pick<ValuePorts, 'derivation'>,
  { account, id, derivation, hash }: TokenRecord,
): Promise<Secret> {
  if (derivation === null) throw new PullpassError('not-retrievable');
  const secret = await keys.derive(derivation.key, derivationMessage(account, id, derivation.salt));
  const value = formatRegistryToken(account, id, secret);
  if (!timingSafeEqual(hashRegistryToken(value), hash)) {
    throw new Error(`the derivation key ${derivation.key} is not the one that token ${id} was made with`);
  }
  return value;
}
