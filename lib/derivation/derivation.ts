/** Derives secrets from facts, with a key in a file or in KMS. */

import { createHmac } from 'node:crypto';
import type { AwsCall } from '../aws/client.ts';
import { unavailable } from '../domain/errors.ts';
import type { Derivation } from '../ports/keys.ts';
import { readKeyFile } from './key-source.ts';

/** Derives with the keys of the file at `path`, which is read once. Throws as `readKeyFile`. */
export function fileDerivation(path: string): Derivation {
  const { current, keys } = readKeyFile(path);
  return {
    currentKey: current,
    async derive(name, message) {
      const key = keys.get(name);
      if (key === undefined) throw unavailable(`no derivation key ${name}`);
      return createHmac('sha256', key).update(message).digest();
    },
  };
}

const ALGORITHM = 'HMAC_SHA_256';

const MAC_BYTES = 32;

/** A key's id: a UUID, or that of a multi-region key. */
const KEY_ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

/** A key of KMS, in parts: `keys` is its ARN up to its id, which other keys of that account and region share. */
export interface KmsKey {
  readonly keys: string;
  readonly id: string;
}

/**
 * Derives with `GenerateMac`. Records hold the id of their key, so a change of the key does not affect them. Throws
 * `unavailable` when KMS does not answer, and for an answer that is not a MAC of that key.
 */
export function kmsDerivation(call: AwsCall, { keys, id }: KmsKey): Derivation {
  return {
    currentKey: id,
    async derive(key, message) {
      if (!KEY_ID.test(key)) throw unavailable(`no derivation key ${key}`);
      const arn = keys + key;
      const input = { KeyId: arn, MacAlgorithm: ALGORITHM, Message: Buffer.from(message).toString('base64') };
      const answer = await call('GenerateMac', input).catch((cause: unknown) => {
        throw unavailable(`KMS gives no MAC of ${key}`, { cause });
      });
      const mac = macIn(answer, [arn, key]);
      if (mac === undefined) throw unavailable(`KMS answered with something other than a MAC of ${key}`);
      return mac;
    },
  };
}

/** The 32 bytes of an answer for the requested key and algorithm. */
function macIn(answer: unknown, names: readonly string[]): Uint8Array | undefined {
  const { Mac: text, KeyId, MacAlgorithm } = Object(answer) as Record<string, unknown>;
  const mac = Buffer.from(typeof text === 'string' ? text : '', 'base64');
  const isWhole = mac.length === MAC_BYTES && mac.toString('base64') === text;
  return isWhole && names.includes(String(KeyId)) && MacAlgorithm === ALGORITHM ? mac : undefined;
}
