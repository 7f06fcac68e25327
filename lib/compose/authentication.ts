/** How the callers of a function are authenticated: by an IAM, a build platform, or one of our own secrets. */
import { secretsManager } from '../aws/secrets.ts';
import { type Config, ConfigurationError, type Environment } from '../config/config.ts';
import { credentialKeys } from '../derivation/credential-keys.ts';
import { PullpassError } from '../domain/errors.ts';
import { type Administrator, type Issuers, identityIssuers, issuerKeys } from '../domain/identity.ts';
import { Connections } from '../iam/http-client.ts';
import { type IdentityVerifierOptions, identityVerifier, workloadVerifier } from '../iam/verifier.ts';
import { type FailureLimiter, failureLimiter } from '../limits/rate-limiter.ts';
import { VariableError } from '../network/proxies.ts';
import type { IdentityVerifier, WorkloadVerifier } from '../ports/others.ts';
import type { Metrics } from '../ports/system.ts';
import { loginStore } from '../store/login-store.ts';
import { POLICY, ruleStore, TRUST } from '../store/rule-store.ts';
import type { PrincipalPorts } from '../usecases/principal.ts';
import type { Parts } from './parts.ts';
import { openCredentialKeySource, openTable } from './resources.ts';

export const IAM_SETTINGS = [
  'url',
  'issuers',
  'administrators',
  'prober',
  'weakManagement',
  'failuresPerMinute',
] as const;

export interface Iam {
  readonly identities: IdentityVerifier;
  readonly workloads: WorkloadVerifier;
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
  const { config, environment, metrics, randomBytes, aws, iamLimits: limits } = parts;
  const { url: publicUrl, issuers } = config;
  const administrators = administratorsOf(config);
  const problems = [
    ...unknownIssuers('PULLPASS_ADMINISTRATORS', config.administrators, issuers),
    ...unknownIssuers('PULLPASS_PROBER', config.prober, issuers),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  const connections = openConnections(environment);
  const common = { publicUrl, limits, connections };
  const readSecret: IdentityVerifierOptions['readSecret'] = ({ arn, region }, stage) =>
    secretsManager(aws('secretsManager', region), randomBytes).read(arn, stage);
  const identities = identityVerifier({ ...common, issuers, randomBytes, failures, readSecret });
  const workloads = workloadVerifier({ ...common, issuers: issuers.workloads });
  return {
    ...countFailures({ identities, workloads }, metrics),
    administrators,
    weakManagement: config.weakManagement === 'accept-replay',
  };
}

/** The prober administers its account as others do: it adds and removes tokens. */
function administratorsOf(config: Config<'administrators' | 'prober'>): Administrator[] {
  return [...config.administrators, ...config.prober];
}

function openConnections(environment: Environment): Connections {
  try {
    return new Connections(environment);
  } catch (error) {
    throw error instanceof VariableError ? new ConfigurationError([error.message]) : error;
  }
}

/** Bounds failed authentications for each source address. */
export function openFailureLimiter({ config }: Parts<'failuresPerMinute'>): FailureLimiter {
  return failureLimiter(config.failuresPerMinute);
}

type Verifiers = Pick<Iam, 'identities' | 'workloads'>;

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
