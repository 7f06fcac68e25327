/** Who the caller was recognised as, and what that means here. */
import { accountHandle } from '../domain/account.ts';
import { toRfc3339 } from '../domain/time.ts';
import { workloadAudience } from '../domain/trust.ts';
import { forIdentities } from '../http/authenticate.ts';
import type { Handlers } from '../http/request.ts';
import type { Identity } from './responses.ts';

/** `publicUrl` is `PULLPASS_URL`. */
export function identityOperations(publicUrl: string): Handlers {
  return {
    getIdentity: forIdentities(async ({ identity, roles }) => {
      const { kind, issuer, account, subject, strength, expiresAt } = identity;
      const json: Identity = {
        kind,
        issuer,
        account,
        subject,
        strength,
        expiresAt: expiresAt === null ? null : toRfc3339(expiresAt),
        roles,
        // What a build platform must write into the tokens of workloads that log in for this account.
        workloadAudience: workloadAudience(publicUrl, accountHandle(account)),
      };
      return { status: 200, json };
    }),
  };
}
