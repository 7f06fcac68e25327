/** Puts each capability together from its configuration: the only place where clients are made. */
import { randomBytes } from 'node:crypto';
import type { DiscoveryPorts } from './api/discovery.ts';
import { type Config, ConfigurationError, readConfig } from './config.ts';
import { servicesOf } from './config-files.ts';
import { fileDerivation } from './derivation/key-file.ts';
import type { Service } from './domain/service.ts';
import { DAY_SECONDS } from './domain/time.ts';
import type { ChainOptions } from './http/chain.ts';
import { failureLimiter } from './http/failure-limiter.ts';
import { identifier } from './http/identify.ts';
import { identityVerifier } from './iam/verifier.ts';
import type { Clock, Log } from './ports.ts';
import { keyDirectory } from './signing/key-directory.ts';
import { keyPublication } from './signing/publication.ts';
import { cachedRings } from './signing/rings.ts';
import { accessTokenSigner } from './signing/sign.ts';
import { auditStore } from './store/audit-store.ts';
import { createDynamoClient } from './store/client.ts';
import { expiryStore } from './store/expiry-store.ts';
import { idempotencyStore } from './store/idempotency-store.ts';
import { loginStore } from './store/login-store.ts';
import { namespaceStore } from './store/namespace-store.ts';
import { tokenStore } from './store/token-store.ts';
import { structuredLog } from './telemetry/log.ts';
import { type CleanupCounts, cleanUp } from './usecases/clean-up.ts';
import type { LoginPorts } from './usecases/log-in.ts';
import type { NamespacePorts } from './usecases/manage-namespaces.ts';
import type { TokenPorts } from './usecases/token-ports.ts';

const clock: Clock = Date.now;

/** What every chain needs beside its routes and operations. */
type ChainParts = Pick<ChainOptions, 'identify' | 'failures' | 'log' | 'clock'>;

const IAM_SETTINGS = ['issuers', 'administrators', 'weakManagement', 'failuresPerMinute'] as const;
const SERVICE_SETTINGS = ['url', 'service', 'services', 'keys'] as const;

export function composeLogin(): { ports: LoginPorts; services: readonly Service[]; chain: ChainParts } {
  const config = readConfig([...SERVICE_SETTINGS, ...IAM_SETTINGS, 'table']);
  const services = servicesOf(config);
  const rings = cachedRings(keyDirectory(config.keys));
  const ports = {
    store: loginStore({ client: createDynamoClient(), table: config.table, randomBytes }),
    signer: accessTokenSigner({ services, rings }),
    clock,
    randomBytes,
    issuer: config.url,
    administrators: config.administrators ?? [],
  };
  return { ports, services, chain: guardedChain(config) };
}

export function composeManagement(): { tokens: TokenPorts; namespaces: NamespacePorts; chain: ChainParts } {
  const config = readConfig([
    ...IAM_SETTINGS,
    'table',
    'derivationKey',
    'namespaces',
    'valueRetrieval',
    'auditDays',
  ]);
  const table = { client: createDynamoClient(), table: config.table, randomBytes };
  const audit = auditStore({ ...table, retentionSeconds: config.auditDays * DAY_SECONDS });
  const tokens = {
    tokens: tokenStore(table),
    idempotency: idempotencyStore(table),
    derivation: fileDerivation(config.derivationKey),
    audit,
    clock,
    randomBytes,
    valueRetrieval: config.valueRetrieval === 'on',
  };
  const namespaces = { namespaces: namespaceStore(table), registration: config.namespaces, audit, clock };
  return { tokens, namespaces, chain: guardedChain(config) };
}

export function composeDiscovery(): { ports: DiscoveryPorts; chain: ChainParts } {
  const config = readConfig(SERVICE_SETTINGS);
  const services = servicesOf(config);
  const directory = keyDirectory(config.keys);
  const keys = keyPublication({ services, rings: cachedRings(directory), keys: directory });
  return { ports: { keys, clock, services, issuer: config.url }, chain: publicChain() };
}

/** The cleanup; it is told how many milliseconds it may still take. */
export function composeCleanup(): { run: (remainingMs: () => number) => Promise<CleanupCounts>; log: Log } {
  const { table } = readConfig(['table']);
  const expiry = expiryStore({ client: createDynamoClient(), table });
  return { run: remainingMs => cleanUp({ expiry, clock, remainingMs }), log: structuredLog() };
}

/** The chain of a function whose routes know no caller. */
export function publicChain(): ChainParts {
  return { log: structuredLog(), clock };
}

function guardedChain(config: Config<(typeof IAM_SETTINGS)[number]>): ChainParts {
  const { issuers = [], administrators = [] } = config;
  const keys = new Set(issuers.map(({ key }) => key));
  const strangers = administrators.filter(({ account }) => !keys.has(account.split(':', 1).join('')));
  if (strangers.length > 0) {
    const accounts = strangers.map(({ account }) => account).join(' and ');
    throw new ConfigurationError([
      `PULLPASS_ADMINISTRATORS holds ${accounts}, whose issuer PULLPASS_ISSUERS lacks`,
    ]);
  }
  return {
    ...publicChain(),
    failures: failureLimiter(config.failuresPerMinute),
    identify: identifier({
      verifier: identityVerifier({ issuers, randomBytes }),
      administrators,
      weakManagement: config.weakManagement === 'accept-replay',
      clock,
    }),
  };
}
