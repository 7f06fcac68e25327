/** The verifiers of all issuers: apart from the rest of authentication, because they are loaded when they are needed. */

import { secretsManager } from '../aws/secrets.ts';
import { Connections } from '../iam/http-client.ts';
import { type IdentityVerifierOptions, identityVerifier, workloadVerifier } from '../iam/verifier.ts';
import type { FailureLimiter } from '../limits/rate-limiter.ts';
import type { IdentityVerifier, WorkloadVerifier } from '../ports/others.ts';
import type { Parts } from './parts.ts';

export interface Verifiers {
  readonly identities: IdentityVerifier;
  readonly workloads: WorkloadVerifier;
}

export type VerifierParts = Parts<'issuers' | 'url'>;

export function openVerifiers(parts: VerifierParts, failures: FailureLimiter): Verifiers {
  const { config, environment, randomBytes, aws, iamLimits: limits } = parts;
  const { url: publicUrl, issuers } = config;
  const common = { publicUrl, limits, connections: new Connections(environment) };
  const readSecret: IdentityVerifierOptions['readSecret'] = ({ arn, region }, stage) =>
    secretsManager(aws('secretsManager', region), randomBytes).read(arn, stage);
  return {
    identities: identityVerifier({ ...common, issuers, randomBytes, failures, readSecret }),
    workloads: workloadVerifier({ ...common, issuers: issuers.workloads }),
  };
}
