import { type Config, ConfigurationError } from '../config/config.ts';
import { PullpassError } from '../domain/errors.ts';
import { type Issuers, identityIssuers } from '../domain/identity.ts';
import { type AuthenticatorOptions, authenticator } from '../http/authenticate.ts';
import { failureLimiter } from '../http/failure-limiter.ts';
import { identityVerifier } from '../iam/verifier.ts';
import { workloadVerifier } from '../iam/workload.ts';
import type { Metrics } from '../ports/system.ts';
import { type ChainParts, publicChain } from './chain.ts';
import { clock, randomBytes } from './system.ts';

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

/** Throws ConfigurationError for an administrator whom no issuer can vouch for. */
export function authenticatedChain(
  config: Config<(typeof IAM_SETTINGS)[number]>,
  { metrics, ...stores }: Pick<AuthenticatorOptions, 'policies' | 'proofs'> & { readonly metrics: Metrics },
): ChainParts {
  const { url: publicUrl, issuers = NO_ISSUERS, administrators = [] } = config;
  const keys = identityIssuers(issuers);
  const strangers = administrators.filter(({ account }) => !keys.has(account.split(':', 1).join('')));
  if (strangers.length > 0) {
    const accounts = strangers.map(({ account }) => account).join(' and ');
    throw new ConfigurationError([
      `PULLPASS_ADMINISTRATORS holds ${accounts}, whose issuer PULLPASS_ISSUERS lacks`,
    ]);
  }
  return {
    ...publicChain(metrics),
    failures: failureLimiter(config.failuresPerMinute),
    identify: authenticator({
      ...countedVerifiers(
        {
          verifier: identityVerifier({ issuers, publicUrl, randomBytes }),
          workloads: workloadVerifier({ issuers: issuers.workloads, publicUrl }),
        },
        metrics,
      ),
      ...stores,
      administrators,
      weakManagement: config.weakManagement === 'accept-replay',
      clock,
    }),
  };
}

/** Verifiers ask nobody but issuers, so what they could not find out is an issuer that did not answer. */
function countedVerifiers(
  { verifier, workloads }: Pick<AuthenticatorOptions, 'verifier' | 'workloads'>,
  metrics: Metrics,
): Pick<AuthenticatorOptions, 'verifier' | 'workloads'> {
  const noteFailure = (error: unknown): never => {
    if (error instanceof PullpassError && error.code === 'unavailable') metrics.count('IamFailures');
    throw error;
  };
  return {
    verifier: { identify: (...proof) => verifier.identify(...proof).catch(noteFailure) },
    workloads: { verify: (...token) => workloads.verify(...token).catch(noteFailure) },
  };
}
