/** Remembers which signed texts a key has verified: callers send a token again and again, and the same bytes verify again. */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { VerificationKey } from './issuer-keys.ts';

const CAPACITY = 1000;

/**
 * Nothing else of a token is remembered. The caller finds its key first, each time: a key set that is fetched again has new keys, so
 * what a removed or replaced key signed is verified, and refused, as before.
 */
export class VerifiedSignatures {
  readonly #keys = new LRUCache<string, VerificationKey>({ max: CAPACITY });

  /** Asks `verify` unless this key verified exactly this text before. Rejects as `verify` does, which is not remembered. */
  async check(text: string, key: VerificationKey, verify: () => Promise<unknown>): Promise<void> {
    const name = hash('sha256', text, 'base64url');
    if (this.#keys.get(name) === key) return;
    await verify();
    this.#keys.set(name, key);
  }
}
