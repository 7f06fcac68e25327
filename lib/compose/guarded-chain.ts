/** The chain of a function whose callers have to be recognised. */
import { type Config, ConfigurationError } from '../config.ts';
import { failureLimiter } from '../http/failure-limiter.ts';
import { identifier } from '../http/identify.ts';
import { identityVerifier } from '../iam/verifier.ts';
import { type ChainParts, publicChain } from './chain.ts';
import { clock, randomBytes } from './system.ts';

export const IAM_SETTINGS = ['issuers', 'administrators', 'weakManagement', 'failuresPerMinute'] as const;

/** Throws ConfigurationError for an administrator whom no issuer can vouch for. */
export function guardedChain(config: Config<(typeof IAM_SETTINGS)[number]>): ChainParts {
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
