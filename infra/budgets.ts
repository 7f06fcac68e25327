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
const DYNAMODB = ['@aws-sdk/*', '@smithy/*', 'bowser', 'mnemonist', 'obliterator', 'p-limit', 'yocto-queue'];

/**
 * One row for each function. Of our own files a bundle may hold functions/ and lib/ alone, so local/, its embedded
 * engine and its development IAM can be in none. Lower a figure when a bundle has become smaller.
 */
export const BUDGETS = {
  login: { startBytes: 126_500, totalBytes: 126_500, packages: [...CHAIN, 'jose'] },
  management: { startBytes: 340_000, totalBytes: 482_000, packages: [...CHAIN, ...DYNAMODB, 'jose'] },
  credentials: {
    startBytes: 350_000,
    totalBytes: 492_000,
    packages: [...CHAIN, ...DYNAMODB, 'jose', 'negotiator', 'content-type'],
  },
  discovery: { startBytes: 68_000, totalBytes: 172_000, packages: CHAIN },
  fallback: { startBytes: 44_000, totalBytes: 44_000, packages: CHAIN },
  cleanup: { startBytes: 263_000, totalBytes: 408_000, packages: [...CHAIN, ...DYNAMODB] },
} as const satisfies Record<string, Budget>;
