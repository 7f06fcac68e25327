/** Finds the standing of whoever logs in. */

import { CREDENTIAL_PREFIX, type Secret } from '../domain/secret.ts';
import { credentialPrincipal } from './credential-principal.ts';
import {
  ANONYMOUS,
  type Caller,
  identityPrincipal,
  type LoginContext,
  type Principal,
  type PrincipalPorts,
  tokenPrincipal,
  workloadPrincipal,
} from './principal.ts';

/** Throws `unauthenticated` for a registry token or a credential that is not good. */
export async function resolvePrincipal(
  ports: PrincipalPorts,
  caller: Caller,
  occasion: LoginContext,
): Promise<Principal> {
  switch (caller.kind) {
    case 'anonymous':
      return ANONYMOUS;
    case 'token':
      return isCredential(caller.secret)
        ? credentialPrincipal(ports, caller.secret, occasion)
        : tokenPrincipal(ports, caller.secret, occasion);
    case 'identity':
      return identityPrincipal(ports, caller, occasion);
    case 'workload':
      return workloadPrincipal(ports, caller.workload, occasion);
  }
}

/** The prefix decides, before anything is parsed. */
function isCredential(secret: Secret): boolean {
  return secret.reveal().startsWith(CREDENTIAL_PREFIX);
}
