/** The chain of a function whose callers have to be recognised. */
import { type Config, ConfigurationError } from '../config.ts';
import { type Issuers, identityIssuers } from '../domain/issuer.ts';
import { failureLimiter } from '../http/failure-limiter.ts';
import { identifier, type Recognition } from '../http/identify.ts';
import { identityVerifier } from '../iam/verifier.ts';
import { workloadVerifier } from '../iam/workload.ts';
import { type ChainParts, publicChain } from './chain.ts';
import { clock, randomBytes } from './system.ts';

export const IAM_SETTINGS = [
  'url',
  'issuers',
  'administrators',
  'weakManagement',
  'failuresPerMinute',
] as const;

/** Without an issuers file nobody is recognised. */
export const NO_ISSUERS: Issuers = { iam: [], aws: null, workloads: [] };

/** Throws ConfigurationError for an administrator whom no issuer can vouch for. */
export function guardedChain(
  config: Config<(typeof IAM_SETTINGS)[number]>,
  stores: Pick<Recognition, 'policies' | 'proofs'>,
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
    ...publicChain(),
    failures: failureLimiter(config.failuresPerMinute),
    identify: identifier({
      verifier: identityVerifier({ issuers, publicUrl, randomBytes }),
      workloads: workloadVerifier({ issuers: issuers.workloads, publicUrl }),
      ...stores,
      administrators,
      weakManagement: config.weakManagement === 'accept-replay',
      clock,
    }),
  };
}
