/** A set of names by their digests: in a credential, where the names themselves would take too much room. */
import { hash } from 'node:crypto';

/** The digests of the names, one behind the other. Each name is hashed with the `jti` of the credential. */
export interface Digests {
  readonly digests: string;
}

/** 96 bits of SHA-256: nobody finds another name that has one of the digests, however many they try. */
const LENGTH = 16;

const DIGESTS = new RegExp(`^(?:[A-Za-z0-9_-]{${LENGTH}})+$`);

export function digestsOf(names: readonly string[], jti: string): Digests {
  return { digests: names.map(name => digestOf(name, jti)).join('') };
}

/** Those of the names that are in the set. */
export function namesIn({ digests }: Digests, names: Iterable<string>, jti: string): string[] {
  const known = new Set(digests.match(new RegExp(`.{${LENGTH}}`, 'g')));
  return [...names].filter(name => known.has(digestOf(name, jti)));
}

/** Reads the text of a set; undefined for anything else. */
export function parseDigests(value: unknown): Digests | undefined {
  return typeof value === 'string' && DIGESTS.test(value) ? { digests: value } : undefined;
}

function digestOf(name: string, jti: string): string {
  return hash('sha256', `${jti} ${name}`, 'base64url').slice(0, LENGTH);
}
