/** How the callers of a function are authenticated: by an IAM, a build platform, or one of our own secrets. */
import { type Config, ConfigurationError, type Environment } from '../config/config.ts';
import { credentialKeys } from '../derivation/credential-keys.ts';
import { PullpassError } from '../domain/errors.ts';
import { type Administrator, type Issuers, identityIssuers, issuerKeys } from '../domain/identity.ts';
import type { FailureLimiter } from '../limits/rate-limiter.ts';
import { namedAuthorities } from '../network/authorities.ts';
import { readProxies, VariableError } from '../network/proxies.ts';
import type { Metrics } from '../ports/system.ts';
import { loginStore } from '../store/login-store.ts';
import { POLICY, ruleStore, TRUST } from '../store/rule-store.ts';
import type { PrincipalPorts } from '../usecases/principal.ts';
import type { Parts } from './parts.ts';
import { openCredentialKeySource, openTable } from './resources.ts';
import type { VerifierParts, Verifiers } from './verifiers.ts';

export const IAM_SETTINGS = [
  'url',
  'issuers',
  'administrators',
  'prober',
  'weakManagement',
  'failuresPerMinute',
] as const;

export interface Iam extends Verifiers {
  readonly administrators: readonly Administrator[];
  readonly weakManagement: boolean;
}

function unknownIssuers(
  variable: string,
  administrators: readonly Administrator[],
  issuers: Issuers,
): readonly string[] {
  const known = identityIssuers(issuers);
  const strangers = administrators.filter(({ account }) => !known.has(account.split(':', 1).join('')));
  if (strangers.length === 0) return [];
  const accounts = strangers.map(({ account }) => account).join(' and ');
  return [`${variable} holds ${accounts}, but PULLPASS_ISSUERS has no such issuer`];
}

/** The verifiers of all issuers. Throws ConfigurationError for an administrator of an unknown issuer. */
export function openIam(parts: Parts<(typeof IAM_SETTINGS)[number]>, failures: FailureLimiter): Iam {
  const { config, environment, metrics } = parts;
  const { issuers } = config;
  const administrators = administratorsOf(config);
  const problems = [
    ...unknownIssuers('PULLPASS_ADMINISTRATORS', config.administrators, issuers),
    ...unknownIssuers('PULLPASS_PROBER', config.prober, issuers),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  checkConnections(environment);
  return {
    ...countFailures(lateVerifiers(parts, failures), metrics),
    administrators,
    weakManagement: config.weakManagement === 'accept-replay',
  };
}

/** The prober administers its account as others do: it adds and removes tokens. */
function administratorsOf(config: Config<'administrators' | 'prober'>): Administrator[] {
  return [...config.administrators, ...config.prober];
}

/** What the verifiers connect by; that it can be read is known before they are loaded. */
function checkConnections(environment: Environment): void {
  try {
    readProxies(environment);
    namedAuthorities(environment);
  } catch (error) {
    throw error instanceof VariableError ? new ConfigurationError([error.message]) : error;
  }
}

/** Loaded by the first assertion: most logins are by a registry token, and a cold start of theirs reads half as much. */
function lateVerifiers(parts: VerifierParts, failures: FailureLimiter): Verifiers {
  let loaded: Promise<Verifiers> | undefined;
  const verifiers = () => {
    loaded ??= import('./verifiers.ts').then(({ openVerifiers }) => openVerifiers(parts, failures));
    return loaded;
  };
  return {
    identities: { identify: async (...assertion) => (await verifiers()).identities.identify(...assertion) },
    workloads: { verify: async (...token) => (await verifiers()).workloads.verify(...token) },
  };
}

/** Verifiers only ask issuers, so `unavailable` means that an issuer did not answer. */
function countFailures({ identities, workloads }: Verifiers, metrics: Metrics): Verifiers {
  const count = (error: unknown): never => {
    if (error instanceof PullpassError && error.code === 'unavailable') metrics.count('IamFailures');
    throw error;
  };
  return {
    identities: { identify: (...assertion) => identities.identify(...assertion).catch(count) },
    workloads: { verify: (...token) => workloads.verify(...token).catch(count) },
  };
}

export const PRINCIPAL_SETTINGS = ['table', 'administrators', 'prober', 'issuers', 'credentialKey'] as const;

/** What a login and a vend learn about their caller. */
export function openPrincipal(parts: Parts<(typeof PRINCIPAL_SETTINGS)[number]>): PrincipalPorts {
  const { issuers } = parts.config;
  const options = { table: openTable(parts), randomBytes: parts.randomBytes };
  return {
    store: loginStore(options),
    trusts: ruleStore(options, TRUST),
    policies: ruleStore(options, POLICY),
    administrators: administratorsOf(parts.config),
    issuers: issuerKeys(issuers),
    credentialKeys: credentialKeys(openCredentialKeySource(parts)),
  };
}
