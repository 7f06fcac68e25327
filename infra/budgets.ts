/** What the bundle of each function may hold, and how large it may grow. */
import type { Bundle } from './bundle.ts';

export interface Budget {
  /** Bytes, minified, that a cold start reads: the entry and its static imports. */
  readonly startBytes: number;
  /** Bytes of all files together, including those that load only when they are needed. */
  readonly totalBytes: number;
  /** The packages that may be in it; `@scope/*` means every package of a scope. */
  readonly packages: readonly string[];
}

const CHAIN = ['@middy/core', 'uuid'];
/** The schemas of requests and of ledger entries. A login waits for its function to load, and has none of either. */
const SCHEMAS = ['valibot'];
/** Verifies assertions, and remembers answers of issuers. */
const IAM = ['jose', 'lru-cache'];
const CERTIFICATES = [
  '@peculiar/*',
  'asn1js',
  'pvtsutils',
  'pvutils',
  'reflect-metadata',
  'tslib',
  'tsyringe',
];
const DYNAMODB = [
  '@aws/lambda-invoke-store',
  '@aws-sdk/*',
  '@smithy/*',
  'bowser',
  'mnemonist',
  'obliterator',
  'p-limit',
  'yocto-queue',
];

/**
 * One row for each function. Of our own files only functions/ and lib/ are allowed, so the development IAM in local/ is in no
 * bundle. Lower a figure when a bundle has become smaller.
 */
export const BUDGETS = {
  login: { startBytes: 149_000, totalBytes: 199_500, packages: [...CHAIN, ...IAM] },
  management: { startBytes: 287_500, totalBytes: 288_000, packages: [...CHAIN, ...SCHEMAS, ...IAM] },
  credentials: {
    startBytes: 181_500,
    totalBytes: 232_000,
    packages: [...CHAIN, ...SCHEMAS, ...IAM, 'negotiator', 'content-type'],
  },
  discovery: { startBytes: 87_000, totalBytes: 275_000, packages: CHAIN },
  registry: { startBytes: 156_500, totalBytes: 156_500, packages: [...CHAIN, ...SCHEMAS, 'lru-cache'] },
  fallback: { startBytes: 35_000, totalBytes: 35_000, packages: CHAIN },
  restore: { startBytes: 323_500, totalBytes: 466_000, packages: [...CHAIN, ...SCHEMAS, ...DYNAMODB] },
  keys: {
    startBytes: 96_500,
    totalBytes: 326_500,
    packages: [...SCHEMAS, ...CERTIFICATES],
  },
  prober: { startBytes: 101_500, totalBytes: 101_500, packages: ['jose', 'uuid', ...SCHEMAS] },
  cleanup: { startBytes: 84_000, totalBytes: 84_000, packages: [] },
} as const satisfies Record<string, Budget>;

const OWN = /^(?:functions|lib)\//;

/** What breaks the budget of a bundle, a line each. */
export function budgetProblems({ name, startBytes, totalBytes, contents }: Bundle, budget: Budget): string[] {
  const unexpected = [...contents.keys()].filter(origin => !OWN.test(origin) && !allows(budget, origin));
  return [
    ...over(`${name}: a cold start reads`, startBytes, budget.startBytes),
    ...over(`${name}: all files are`, totalBytes, budget.totalBytes),
    ...unexpected.map(origin => `${name}: holds ${origin}`),
  ];
}

function over(what: string, bytes: number, limit: number): string[] {
  return bytes > limit ? [`${what} ${bytes} bytes, ${bytes - limit} too many`] : [];
}

function allows({ packages }: Budget, origin: string): boolean {
  return packages.some(name =>
    name.endsWith('/*') ? origin.startsWith(name.slice(0, -1)) : origin === name,
  );
}
