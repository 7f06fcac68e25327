/** One event for each credential, by which its logins can be traced to whoever it was vended to. */
import { toRfc3339 } from '../domain/time.ts';
import type { Call } from '../http/exchange.ts';
import type { Log } from '../ports.ts';
import type { Vended } from '../usecases/vend-credential.ts';

export function logVended(log: Log, { requestId, sourceAddress, presented }: Call, vended: Vended): void {
  const { jti, subject, account, service, access, repositories, alsoPull, endsAt } = vended;
  log.info('vended', {
    requestId,
    sourceAddress,
    userName: presented.kind,
    registryService: service.name,
    account,
    subject,
    credential: jti,
    access,
    repositories: repositories?.join(' ') ?? null,
    alsoPull: alsoPull?.join(' ') ?? null,
    expiresAt: toRfc3339(endsAt),
  });
}
