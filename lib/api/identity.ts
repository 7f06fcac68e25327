/** The route that tells callers which identity they have, and its roles. */
import { accountHandle } from '../domain/account.ts';
import { toRfc3339 } from '../domain/time.ts';
import { workloadAudience } from '../domain/trust.ts';
import type { ManagementHandlers } from './parameters.ts';
import type { Identity } from './responses.ts';

/** `publicUrl` is `PULLPASS_URL`. */
export function identityHandlers(publicUrl: string) {
  return {
    async getIdentity({ principal: { identity, roles } }) {
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
    },
  } satisfies ManagementHandlers;
}
