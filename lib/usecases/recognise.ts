/** Finds the standing of whoever logs in. */
import { CREDENTIAL_PREFIX } from '../domain/credential.ts';
import type { Secret } from '../domain/secret.ts';
import { credentialStanding } from './credential-standing.ts';
import { identityStanding, workloadStanding } from './identity-standing.ts';
import { type LoginCaller, NOBODY, type Occasion, type Standing, type StandingPorts } from './standing.ts';
import { tokenStanding } from './token-standing.ts';

/** Throws `unauthenticated` for a registry token or a credential that is not good. */
export async function standingOf(
  ports: StandingPorts,
  caller: LoginCaller,
  occasion: Occasion,
): Promise<Standing> {
  switch (caller.kind) {
    case 'anonymous':
      return NOBODY;
    case 'token':
      return isCredential(caller.secret)
        ? credentialStanding(ports, caller.secret, occasion)
        : tokenStanding(ports, caller.secret, occasion);
    case 'identity':
      return identityStanding(ports, caller, occasion);
    case 'workload':
      return workloadStanding(ports, caller.workload, occasion);
  }
}

/** The prefix decides, before anything is parsed. */
function isCredential(secret: Secret): boolean {
  return secret.reveal().startsWith(CREDENTIAL_PREFIX);
}
