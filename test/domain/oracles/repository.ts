/**
 * A second reading of the name grammar (OCI distribution specification, "Pulling manifests") and of patterns, by
 * splitting into segments and walking over them. It shares no code with lib/domain/repository.ts.
 */

export function readsAsNamespace(name: string): boolean {
  return isSegment(name) && name.length > 1 && name.length < 129;
}

export function readsAsRepository(name: string): boolean {
  const [namespace = '', ...below] = name.split('/');
  return (
    readsAsNamespace(namespace) && below.length > 0 && below.every(isSegment) && Buffer.byteLength(name) < 256
  );
}

/** `prefix/*` is a pattern exactly where some repository can be below the prefix: the shortest is one byte. */
export function readsAsPattern(text: string): boolean {
  const segments = text.split('/');
  if (segments.at(-1) !== '*') return readsAsRepository(text);
  return readsAsRepository([...segments.slice(0, -1), '0'].join('/'));
}

/** Compares a pattern with a repository one segment at a time. */
export function reaches(pattern: string, repository: string): boolean {
  const wanted = pattern.split('/');
  const segments = repository.split('/');
  const open = wanted.at(-1) === '*';
  const fixed = open ? wanted.slice(0, -1) : wanted;
  const longEnough = open ? segments.length > fixed.length : segments.length === fixed.length;
  return longEnough && fixed.every((segment, i) => segment === segments[i]);
}

function isSegment(segment: string): boolean {
  let separator = '';
  let started = false;
  for (const character of segment) {
    if (!isAlphaNumeric(character)) {
      separator += character;
      continue;
    }
    if (separator !== '' && !(started && isSeparator(separator))) return false;
    separator = '';
    started = true;
  }
  return started && separator === '';
}

function isSeparator(run: string): boolean {
  return run === '.' || run === '_' || run === '__' || [...run].every(character => character === '-');
}

function isAlphaNumeric(character: string): boolean {
  return 'abcdefghijklmnopqrstuvwxyz0123456789'.includes(character);
}
