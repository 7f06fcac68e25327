/** What the bundle of each function may hold, and how large it may grow. */

export interface Budget {
  /** Bytes, minified, that a cold start reads: the entry and whatever it imports without being asked. */
  readonly startBytes: number;
  /** Bytes of all files together, also of those that load only when they are needed. */
  readonly totalBytes: number;
  /** The packages that may be in it; `@scope/*` stands for all of a scope. */
  readonly packages: readonly string[];
}

const CHAIN = ['@middy/core', '@aws-lambda-powertools/*', '@aws/lambda-invoke-store', 'valibot'];
const CERTIFICATES = [
  '@peculiar/*',
  'asn1js',
  'pvtsutils',
  'pvutils',
  'reflect-metadata',
  'tslib',
  'tsyringe',
];
const DYNAMODB = ['@aws-sdk/*', '@smithy/*', 'bowser', 'mnemonist', 'obliterator', 'p-limit', 'yocto-queue'];

/**
 * One row for each function. Of our own files a bundle may hold functions/ and lib/ alone, so local/, its embedded
 * engine and its development IAM can be in none. Lower a figure when a bundle has become smaller.
 */
export const BUDGETS = {
  login: { startBytes: 140_000, totalBytes: 140_000, packages: [...CHAIN, 'jose'] },
  management: { startBytes: 363_000, totalBytes: 505_000, packages: [...CHAIN, ...DYNAMODB, 'jose'] },
  credentials: {
    startBytes: 374_000,
    totalBytes: 516_000,
    packages: [...CHAIN, ...DYNAMODB, 'jose', 'negotiator', 'content-type'],
  },
  discovery: { startBytes: 76_000, totalBytes: 176_000, packages: CHAIN },
  fallback: { startBytes: 45_000, totalBytes: 45_000, packages: CHAIN },
  restore: { startBytes: 298_000, totalBytes: 441_000, packages: [...CHAIN, ...DYNAMODB] },
  keys: {
    startBytes: 315_000,
    totalBytes: 315_000,
    packages: ['@aws-lambda-powertools/*', '@aws/lambda-invoke-store', 'valibot', ...CERTIFICATES],
  },
  cleanup: { startBytes: 66_000, totalBytes: 66_000, packages: CHAIN },
} as const satisfies Record<string, Budget>;
