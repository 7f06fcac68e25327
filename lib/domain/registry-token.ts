/**
 * The value of a registry token: `plp_` + handle (16) + id (22) + secret (43) + checksum (6), 91 characters.
 * The checksum refuses typos and garbage before any read; the prefix makes leaked values findable.
 */

import { hash } from 'node:crypto';
import { crc32 } from './crc32.ts';
import {
  type Account,
  accountHandle,
  base62Width,
  bytesToUuid,
  decodeBase62,
  encodeBase62,
  encodeUint32,
  HANDLE_LENGTH,
  uuidToBytes,
} from './identifiers.ts';
import { REGISTRY_TOKEN_PREFIX, Secret } from './secret.ts';

/** Bytes of a token's secret, random or derived. */
export const SECRET_BYTES = 32;

/** Bytes of the salt in a token's record. */
export const SALT_BYTES = 16;

const ID_BYTES = 16;

const ID_START = REGISTRY_TOKEN_PREFIX.length + HANDLE_LENGTH;

const ID_END = ID_START + base62Width(ID_BYTES);

const CHECKSUM_START = ID_END + base62Width(SECRET_BYTES);

/** The checksum refuses every other length. */
const SHAPE = /^plp_[0-9A-Za-z]+$/;

const DERIVATION_LABEL = 'pullpass/registry-token/v1';

/** Finds the record of a token. */
export interface TokenAddress {
  readonly handle: string;
  readonly id: string;
}

/** The value of a token with this secret (32 bytes). */
export function formatRegistryToken(account: Account, id: string, secret: Uint8Array): Secret {
  const body =
    REGISTRY_TOKEN_PREFIX + accountHandle(account) + encodeBase62(uuidToBytes(id)) + encodeBase62(secret);
  return new Secret(body + checksum(body));
}

/** The address inside a value; undefined for anything that cannot be a value of ours. */
export function parseRegistryToken(value: Secret): TokenAddress | undefined {
  const text = value.reveal();
  if (!SHAPE.test(text)) return undefined;
  if (checksum(text.slice(0, CHECKSUM_START)) !== text.slice(CHECKSUM_START)) return undefined;
  const id = decodeBase62(text.slice(ID_START, ID_END), ID_BYTES);
  if (id === undefined) return undefined;
  return { handle: text.slice(REGISTRY_TOKEN_PREFIX.length, ID_START), id: bytesToUuid(id) };
}

/** SHA-256 of the whole value, which the record stores. A slow hash adds nothing at 256 bits of entropy. */
export function hashRegistryToken(value: Secret): Uint8Array {
  return hash('sha256', value.reveal(), 'buffer');
}

/**
 * The message whose MAC under the derivation key is the secret. Every part follows its length in four bytes: without
 * lengths, two different sets of facts could give one secret.
 */
export function derivationMessage(account: Account, id: string, salt: Uint8Array): Uint8Array {
  const parts = [Buffer.from(DERIVATION_LABEL), Buffer.from(account), Buffer.from(id), Buffer.from(salt)];
  return Buffer.concat(parts.flatMap(part => [lengthOf(part), part]));
}

function lengthOf(part: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

function checksum(body: string): string {
  return encodeUint32(crc32(body));
}
