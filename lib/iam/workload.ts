/** The OIDC tokens of build platforms: verified like access tokens, but their audience names the account. */
import { isHandle, isIdentifierValue, qualify } from '../domain/account.ts';
import { unauthenticated } from '../domain/errors.ts';
import type { WorkloadIssuer } from '../domain/identity.ts';
import { member } from '../domain/strict-json.ts';
import { toSeconds } from '../domain/time.ts';
import { type Workload, workloadAudience } from '../domain/trust.ts';
import type { WorkloadVerifier } from '../ports/iam.ts';
import { audienceOf, validUntil } from './claims.ts';
import { issuerKeySet } from './issuer-keys.ts';
import { tokenVerifier } from './signed-token.ts';

export interface WorkloadVerifierOptions {
  readonly issuers: readonly WorkloadIssuer[];
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
}

/** Holds the key sets of the platforms, so a process has one. */
export function workloadVerifier({ issuers, publicUrl }: WorkloadVerifierOptions): WorkloadVerifier {
  const verify = tokenVerifier(issuers.map(issuer => ({ issuer, keys: issuerKeySet(issuer.keysUrl) })));
  return {
    async verify(token, nowMs) {
      const { claims, issuer } = await verify(token.reveal(), nowMs);
      return workloadOf(claims, { issuer: issuer.key, publicUrl, nowMs });
    },
  };
}

/**
 * The audience must be exactly that of one account of this deployment: a token for another service, or for several, could
 * be replayed here.
 */
function workloadOf(
  claims: unknown,
  { issuer, publicUrl, nowMs }: { issuer: string; publicUrl: string; nowMs: number },
): Workload {
  const audience = audienceOf(claims);
  const handle = typeof audience === 'string' ? audience.slice(workloadAudience(publicUrl, '').length) : '';
  if (!isHandle(handle) || audience !== workloadAudience(publicUrl, handle)) {
    throw unauthenticated('the token is for another audience');
  }
  const subject = member(claims, 'sub');
  if (!isIdentifierValue(subject)) throw unauthenticated('the sub claim is not an identifier');
  const expiresAt = validUntil(claims, toSeconds(nowMs));
  return { issuer, handle, subject: qualify(issuer, subject), claims, expiresAt };
}
