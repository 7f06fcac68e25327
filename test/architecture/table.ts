/** The directions in which imports run: one row for each layer. docs/architecture.md shows the same table. */

export interface Layer {
  /** The layers that it may import, besides itself. */
  readonly imports: readonly string[];
  /** The packages that it may import; null: any. */
  readonly npm: readonly string[] | null;
  /** The parts of Node that it may import, or single names of them; null: any. */
  readonly node: readonly string[] | null;
}

/** Files directly under lib/ are layers of their own; `config-issuers` belongs to `config`. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  domain: {
    imports: [],
    npm: ['uuid'],
    node: ['crypto.hash', 'crypto.timingSafeEqual', 'net.BlockList', 'net.isIP'],
  },
  ports: { imports: ['domain'], npm: [], node: ['stream'] },
  usecases: { imports: ['cache', 'domain', 'ports'], npm: [], node: ['crypto'] },
  /** Values that are loaded again when they are old. */
  cache: { imports: [], npm: [], node: [] },
  /** Bounds on how much is done, in all and for each source. */
  limits: { imports: ['cache', 'domain', 'ports'], npm: [], node: [] },
  /** AWS over HTTP, for the adapters that would otherwise carry its SDK. */
  aws: { imports: ['domain', 'ports'], npm: [], node: null },
  /** Files that are replaced whole, and locks. */
  files: { imports: ['domain'], npm: [], node: null },
  /** The proxy and the authorities of the environment, for all that connects to others. */
  network: { imports: [], npm: [], node: ['fs', 'net', 'tls'] },
  iam: { imports: ['cache', 'domain', 'limits', 'network', 'ports'], npm: ['jose', 'lru-cache'], node: null },
  store: {
    imports: ['aws', 'domain', 'ports'],
    npm: ['@aws-sdk/client-dynamodb', '@smithy/node-http-handler', 'lru-cache', 'p-limit'],
    node: null,
  },
  signing: {
    imports: ['aws', 'cache', 'files', 'domain', 'ports'],
    npm: ['@peculiar/x509', 'reflect-metadata'],
    node: null,
  },
  derivation: { imports: ['aws', 'cache', 'files', 'domain', 'ports'], npm: [], node: null },
  ledger: { imports: ['cache', 'files', 'domain', 'ports'], npm: ['valibot'], node: null },
  /** Events to those who asked for them. */
  notices: { imports: ['domain', 'iam', 'ports'], npm: [], node: ['crypto'] },
  /** The registries behind the registry proxy. */
  upstream: { imports: ['aws', 'cache', 'domain', 'limits', 'ports'], npm: ['lru-cache'], node: null },
  /** Tries a deployment from outside, over its public URL. */
  probe: { imports: ['api', 'domain', 'ports'], npm: ['jose', 'valibot'], node: ['crypto'] },
  telemetry: { imports: ['domain', 'ports'], npm: [], node: [] },
  http: { imports: ['domain', 'limits', 'ports'], npm: ['@middy/core', 'valibot', 'aws-lambda'], node: null },
  api: {
    imports: ['cache', 'http', 'usecases', 'domain', 'ports'],
    npm: ['valibot', 'negotiator'],
    node: null,
  },
  config: { imports: ['domain'], npm: [], node: null },
  compose: {
    imports: [
      ...['api', 'http', 'usecases', 'config', 'domain', 'ports'],
      ...['aws', 'derivation', 'iam', 'ledger', 'limits', 'network', 'notices', 'signing', 'store'],
      'telemetry',
      'probe',
      'upstream',
    ],
    npm: [],
    node: null,
  },
  functions: { imports: ['compose'], npm: [], node: [] },
  local: {
    imports: [
      ...['compose', 'api', 'http', 'usecases', 'config', 'domain', 'ports'],
      ...['derivation', 'files', 'iam', 'ledger', 'limits', 'network', 'signing', 'store'],
    ],
    npm: null,
    node: null,
  },
  cli: {
    imports: ['api', 'domain', 'files', 'iam', 'network', 'ports', 'probe'],
    npm: null,
    node: null,
  },
};

/** The layer of a path; undefined where the table has no row. */
export function layerOf(path: string): string | undefined {
  const [, name] = /^(?:lib\/)?([a-z-]+?)(?:-[a-z]+)?(?:\/|\.[a-z.]+$)/.exec(path) ?? [];
  return name !== undefined && Object.hasOwn(LAYERS, name) ? name : undefined;
}

/** The only readers of the environment, besides local/. */
export const ENVIRONMENT_READERS: readonly string[] = ['lib/compose/world.ts', 'cli/io.ts'];
/** The only files that construct a client. */
export const CLIENT_MAKERS: readonly string[] = ['lib/store/sdk-transport.ts'];
/**
 * The only files that take time or random bytes from the system: the one that hands them out, one that names a temporary
 * file, one that waits a moment before it opens a broken database again, and one that measures ages past the system's clock.
 */
export const CLOCK_OWNERS: readonly string[] = [
  'lib/cache/refreshing.ts',
  'lib/compose/world.ts',
  'lib/files/atomic-file.ts',
  'lib/store/sqlite-database.ts',
];

export const MAX_LINES = 250;
