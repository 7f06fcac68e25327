/** Repository names, namespaces and patterns. Compared byte for byte; nothing is ever normalised. */

const SEGMENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
/** The name grammar of the OCI distribution specification ("Pulling manifests"), with at least two segments. */
const REPOSITORY = new RegExp(`^${SEGMENT}(?:/${SEGMENT})+$`);
const PREFIX = new RegExp(`^${SEGMENT}(?:/${SEGMENT})*$`);
const NAMESPACE = new RegExp(`^${SEGMENT}$`);
const MAX_NAME_BYTES = 255;
/** Leaves room for the slash and one more byte. */
const MAX_PREFIX_BYTES = MAX_NAME_BYTES - 2;
const NAMESPACE_BYTES = { min: 2, max: 128 };

/** An exact repository name, or `prefix/*`: everything below `prefix/`. */
export type Pattern = string;

/** Whether `name` can be a namespace: one segment of the grammar, 2 to 128 bytes. */
export function isNamespace(name: string): boolean {
  return name.length >= NAMESPACE_BYTES.min && name.length <= NAMESPACE_BYTES.max && NAMESPACE.test(name);
}

/** Whether `name` can be granted at all. */
export function isRepository(name: string): boolean {
  return name.length <= MAX_NAME_BYTES && REPOSITORY.test(name) && isNamespace(namespaceOf(name));
}

/** The first segment of a repository name or pattern. */
export function namespaceOf(name: string): string {
  const slash = name.indexOf('/');
  return slash < 0 ? name : name.slice(0, slash);
}

/** Whether `text` is a pattern. */
export function isPattern(text: string): boolean {
  const prefix = prefixOf(text);
  if (prefix === undefined) return isRepository(text);
  return prefix.length <= MAX_PREFIX_BYTES && PREFIX.test(prefix) && isNamespace(namespaceOf(prefix));
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

function prefixOf(pattern: Pattern): string | undefined {
  return pattern.endsWith('/*') ? pattern.slice(0, -2) : undefined;
}
