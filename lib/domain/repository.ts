/** Repository names, namespaces and patterns: compared byte for byte, never normalised; and what is wrong with other texts. */
import { isQuotable } from './secret.ts';

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

interface Mistake {
  readonly test: RegExp;
  /** Goes on after the quoted text. */
  readonly says: string;
}

/** What makes the rest of the text unreadable comes first. */
const MISTAKES: readonly Mistake[] = [
  { test: /[^\x21-\x7e]/, says: 'holds blanks or characters that are not ASCII' },
  { test: /^\*+$/, says: 'is no pattern; to mean every repository, leave the repositories out (null)' },
  { test: /^[a-z][a-z0-9+.-]*:\/\//i, says: 'is a URL' },
  { test: /^[^/]*:\d*\/|^\[/, says: 'begins with the address of a registry' },
  { test: /^[^/]*:\d+$/, says: 'is the address of a registry' },
  { test: /@/, says: 'holds a digest' },
  { test: /:/, says: 'holds a tag' },
  { test: /\*(?!$)|[^/]\*$/, says: 'has a * elsewhere than at its end after a slash' },
  { test: /[A-Z]/, says: 'has capital letters, which registries refuse' },
  { test: /%/, says: 'holds a percent escape' },
  { test: /^\//, says: 'begins with a slash' },
  { test: /\/$/, says: 'ends with a slash' },
  { test: /\/\//, says: 'has two slashes in a row' },
  { test: /[^a-z0-9._/*-]/, says: 'holds characters other than a-z, 0-9, and . _ - /' },
];
const OF_PATTERNS: readonly Mistake[] = [
  { test: /^[^/]+$/, says: 'is a namespace, not a repository' },
  { test: /^[^/]\/|^[^/]{129}/, says: 'has a namespace (the first segment) outside 2 to 128 characters' },
  { test: /.{256}/s, says: 'has more than 255 characters' },
];
const OF_NAMESPACES: readonly Mistake[] = [
  { test: /\/|%2f/i, says: 'is more than the first segment of a repository name' },
  { test: /^.$|.{129}/s, says: 'is not 2 to 128 characters long' },
];
const SEPARATORS = {
  says: 'has a segment that does not begin and end with a letter or digit, or other separators within than one of . _ __ -',
};
const PATTERNS = 'name it like team-a/app, or team-a/* for everything below';
const NAMESPACES = 'name it like team-a, with 2 to 128 of a-z and 0-9, and one of . _ __ - between';

/** Undefined for a pattern. It goes on after what names the value, as in `repositories[0]`. */
export function patternProblem(text: string): string | undefined {
  if (isPattern(text)) return undefined;
  const meant = isQuotable(text) ? patternMeantBy(text) : undefined;
  return problem(text, [...MISTAKES, ...OF_PATTERNS], meant === undefined ? PATTERNS : `use '${meant}'`);
}

/** Undefined for a namespace. */
export function namespaceProblem(text: string): string | undefined {
  return isNamespace(text) ? undefined : problem(text, [...OF_NAMESPACES, ...MISTAKES], NAMESPACES);
}

function problem(text: string, mistakes: readonly Mistake[], advice: string): string {
  if (text === '') return `must not be empty; ${advice}`;
  const { says } = mistakes.find(({ test }) => test.test(text)) ?? SEPARATORS;
  return [isQuotable(text) ? `'${text}' ${says}` : says, advice].join('; ');
}

/** With its scheme, or its port: what is left without it is no name. */
const ADDRESS_ALONE = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/]*|[^/]*:\d+)\/?$/i;

/** The pattern in an image name, a URL or a directory; undefined: it is not clear which. */
function patternMeantBy(text: string): string | undefined {
  if (ADDRESS_ALONE.test(text)) return undefined;
  const path = text
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*(?=\/)|^[^/]*:\d*(?=\/)|^\[[^/]*(?=\/)/i, '')
    .replace(/^\/v2(?=\/)/, '')
    .replace(/[:@][^/]*$/, '')
    .toLowerCase();
  const [before = '', ...after] = path.split('*');
  const whole = after.length > 0 ? before.slice(0, before.lastIndexOf('/') + 1) : before;
  const name = whole
    .split('/')
    .filter(segment => segment !== '')
    .join('/');
  const isPrefix = whole.endsWith('/') || !name.includes('/');
  const meant = isPrefix ? `${name}/*` : name;
  return isPattern(meant) ? meant : undefined;
}
