/** What the bundle of each function may hold, and how large it may grow. */

export interface Budget {
  /** Bytes, minified, that a cold start reads: the entry and whatever it imports without being asked. */
  readonly startBytes: number;
  /** Bytes of all files together, also of those that load only when they are needed. */
  readonly totalBytes: number;
  /** The packages that may be in it; `@scope/*` stands for all of a scope. */
  readonly packages: readonly string[];
}

const CHAIN = ['@middy/core', 'valibot'];
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
 * One row for each function. Of our own files a bundle may hold functions/ and lib/ alone, so local/, its embedded
 * engine and its development IAM can be in none. Lower a figure when a bundle has become smaller.
 */
export const BUDGETS = {
  login: { startBytes: 120_000, totalBytes: 120_000, packages: [...CHAIN, 'jose'] },
  management: { startBytes: 343_000, totalBytes: 485_000, packages: [...CHAIN, ...DYNAMODB, 'jose'] },
  credentials: {
    startBytes: 354_000,
    totalBytes: 496_000,
    packages: [...CHAIN, ...DYNAMODB, 'jose', 'negotiator', 'content-type'],
  },
  discovery: { startBytes: 56_000, totalBytes: 156_000, packages: CHAIN },
  fallback: { startBytes: 25_000, totalBytes: 25_000, packages: CHAIN },
  restore: { startBytes: 278_000, totalBytes: 421_000, packages: [...CHAIN, ...DYNAMODB] },
  keys: {
    startBytes: 295_000,
    totalBytes: 295_000,
    packages: ['valibot', ...CERTIFICATES],
  },
  cleanup: { startBytes: 46_000, totalBytes: 46_000, packages: CHAIN },
} as const satisfies Record<string, Budget>;
