/** Repository names, namespaces and patterns. Compared byte for byte; nothing is ever normalised. */

const SEGMENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
/** A first segment of 2 to 128 bytes. */
const NAMESPACE_FIRST = '(?=[^/]{2,128}/)';
const MAX_NAME_BYTES = 255;
/** The name grammar of the OCI distribution specification ("Pulling manifests"), with at least two segments. */
const REPOSITORY = new RegExp(`^${NAMESPACE_FIRST}${SEGMENT}(?:/${SEGMENT})+$`);

/** What JSON Schema says of a namespace; `isNamespace` reads the same. */
export const NAMESPACE_SCHEMA = { minLength: 2, maxLength: 128, pattern: `^${SEGMENT}$` } as const;
/** What JSON Schema says of a pattern; `isPattern` reads the same. A prefix leaves room for one byte below it. */
export const PATTERN_SCHEMA = {
  pattern: `^(?=.{1,${MAX_NAME_BYTES}}$)${NAMESPACE_FIRST}${SEGMENT}(?:/${SEGMENT})*/(?:${SEGMENT}|\\*)$`,
} as const;

/** What JSON Schema says of a repository; `isRepository` reads the same. */
export const REPOSITORY_SCHEMA = {
  pattern: `^(?=.{1,${MAX_NAME_BYTES}}$)${NAMESPACE_FIRST}${SEGMENT}(?:/${SEGMENT})*/${SEGMENT}$`,
} as const;

const NAMESPACE = new RegExp(NAMESPACE_SCHEMA.pattern);
const PATTERN = new RegExp(PATTERN_SCHEMA.pattern);

/** An exact repository name, or `prefix/*`: everything below `prefix/`. */
export type Pattern = string;

/** Whether `name` can be a namespace: one segment of the grammar, 2 to 128 bytes. */
export function isNamespace(name: string): boolean {
  const { minLength, maxLength } = NAMESPACE_SCHEMA;
  return name.length >= minLength && name.length <= maxLength && NAMESPACE.test(name);
}

/** Whether `name` can be granted at all. */
export function isRepository(name: string): boolean {
  return name.length <= MAX_NAME_BYTES && REPOSITORY.test(name);
}

/** The first segment of a repository name or pattern. */
export function namespaceOf(name: string): string {
  const slash = name.indexOf('/');
  return slash < 0 ? name : name.slice(0, slash);
}

/** Whether `text` is a pattern. */
export function isPattern(text: string): boolean {
  return PATTERN.test(text);
}

/**
 * The patterns that cover a repository or a pattern: itself, and every prefix above it. Prefixes end at a slash, so `team/*`
 * never covers `team-evil`.
 */
export function coveringPatterns(name: string): Pattern[] {
  const covering: Pattern[] = [name];
  for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
    covering.push(`${name.slice(0, slash)}/*`);
  }
  return covering;
}
