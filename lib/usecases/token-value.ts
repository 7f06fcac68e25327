/** Makes the value of a token's next generation, and makes a retrievable one again from the facts in its record. */
import { timingSafeEqual } from 'node:crypto';
import type { Account } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import {
  derivationMessage,
  formatRegistryToken,
  hashRegistryToken,
  SALT_BYTES,
  SECRET_BYTES,
} from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { TokenPorts } from './token-ports.ts';

type ValuePorts = Pick<TokenPorts, 'derivation' | 'randomBytes'>;

/** A new value, and what the record keeps of it. */
export interface NewValue {
  readonly value: Secret;
  readonly kept: Pick<TokenRecord, 'hash' | 'derivation'>;
}

export interface ValueRequest {
  readonly account: Account;
  readonly id: string;
  /** Whether the value can be made again later; if not, its secret is random. */
  readonly retrievable: boolean;
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
  return { value, kept: { hash: hashRegistryToken(value), derivation } };
}

/** The current value of a token. Throws `not-retrievable` for one whose secret was random. */
export async function rederiveValue(ports: ValuePorts, record: TokenRecord): Promise<Secret> {
  const { account, id, derivation } = record;
  if (derivation === null) throw new PullpassError('not-retrievable');
  const secret = await ports.derivation.derive(
    derivation.key,
    derivationMessage(account, id, derivation.salt),
  );
  const value = formatRegistryToken(account, id, secret);
  if (!timingSafeEqual(hashRegistryToken(value), record.hash)) {
    throw new Error(`the derivation key ${derivation.key} is not the one that token ${id} was made with`);
  }
  return value;
}
