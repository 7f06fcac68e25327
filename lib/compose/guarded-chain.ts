import { type Config, ConfigurationError } from '../config/config.ts';
import { PullpassError } from '../domain/errors.ts';
import { type Administrator, type Issuers, identityIssuers } from '../domain/identity.ts';
import type { Authenticators } from '../http/chain.ts';
import { failureLimiter } from '../http/failure-limiter.ts';
import { identityVerifier } from '../iam/verifier.ts';
import { workloadVerifier } from '../iam/workload.ts';
import type { IdentityVerifier, WorkloadVerifier } from '../ports/iam.ts';
import type { Metrics } from '../ports/system.ts';
import { type ChainParts, publicChain } from './chain.ts';
import { randomBytes } from './system.ts';

export const IAM_SETTINGS = [
  'url',
  'issuers',
  'administrators',
  'weakManagement',
  'failuresPerMinute',
  'stage',
] as const;

/** Without an issuers file nobody is recognised. */
export const NO_ISSUERS: Issuers = { iam: [], aws: null, workloads: [] };

export interface Iam {
  readonly identities: IdentityVerifier;
  readonly workloads: WorkloadVerifier;
  readonly administrators: readonly Administrator[];
  readonly weakManagement: boolean;
}

type IamConfig = Config<(typeof IAM_SETTINGS)[number]>;

/** Throws ConfigurationError for an administrator whose issuer is not configured. */
export function composeIam(config: IamConfig, metrics: Metrics): Iam {
  const { url: publicUrl, issuers = NO_ISSUERS, administrators = [] } = config;
  const keys = identityIssuers(issuers);
  const strangers = administrators.filter(({ account }) => !keys.has(account.split(':', 1).join('')));
  if (strangers.length > 0) {
    const accounts = strangers.map(({ account }) => account).join(' and ');
    throw new ConfigurationError([
      `PULLPASS_ADMINISTRATORS holds ${accounts}, whose issuer PULLPASS_ISSUERS lacks`,
    ]);
  }
  const identities = identityVerifier({ issuers, publicUrl, randomBytes });
  const workloads = workloadVerifier({ issuers: issuers.workloads, publicUrl });
  return {
    ...countedVerifiers({ identities, workloads }, metrics),
    administrators,
    weakManagement: config.weakManagement === 'accept-replay',
  };
}

export function authenticatedChain(
  config: IamConfig,
  metrics: Metrics,
  authenticate: Authenticators,
): ChainParts {
  return { ...publicChain(metrics), failures: failureLimiter(config.failuresPerMinute), authenticate };
}

/** Verifiers ask nobody but issuers, so what they could not find out is an issuer that did not answer. */
function countedVerifiers(
  { identities, workloads }: Pick<Iam, 'identities' | 'workloads'>,
  metrics: Metrics,
): Pick<Iam, 'identities' | 'workloads'> {
  const countFailure = (error: unknown): never => {
    if (error instanceof PullpassError && error.code === 'unavailable') metrics.count('IamFailures');
    throw error;
  };
  return {
    identities: { identify: (...assertion) => identities.identify(...assertion).catch(countFailure) },
    workloads: { verify: (...token) => workloads.verify(...token).catch(countFailure) },
  };
}
