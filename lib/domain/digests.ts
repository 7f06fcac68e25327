/** A set of names by their digests: in a credential, where the names themselves would take too much room. */
import { hash } from 'node:crypto';

/** The digests of the names, one behind the other. Each name is hashed with the `jti` of the credential. */
export interface Digests {
  readonly digests: string;
}

/** A letter for the depth, and 90 bits of SHA-256: too many to find another name with the same digest by trying. */
const LENGTH = 16;

const DIGESTS = new RegExp(`^(?:[A-Za-z0-9_-]{${LENGTH}})+$`);

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export function digestsOf(names: readonly string[], jti: string): Digests {
  return { digests: names.map(name => digestOf(name, jti)).join('') };
}

/** Those of the names that are in the set. Only names as deep as one in the set are hashed: a login may ask for thousands. */
export function namesIn({ digests }: Digests, names: readonly string[], jti: string): string[] {
  const known = new Set(digests.match(new RegExp(`.{${LENGTH}}`, 'g')));
  const depths = new Set([...known].map(digest => digest.slice(0, 1)));
  const found = names.filter(name => depths.has(depthOf(name)) && known.has(digestOf(name, jti)));
  return [...new Set(found)];
}

/** Reads the text of a set; undefined for anything else. */
export function parseDigests(value: unknown): Digests | undefined {
  return typeof value === 'string' && DIGESTS.test(value) ? { digests: value } : undefined;
}

function digestOf(name: string, jti: string): string {
  return depthOf(name) + hash('sha256', `${jti} ${name}`, 'base64url').slice(0, LENGTH - 1);
}

/** A letter for the number of slashes. */
function depthOf(name: string): string {
  let slashes = 0;
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) slashes++;
  return LETTERS.charAt(slashes % LETTERS.length);
}
