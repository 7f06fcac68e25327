/** Notes each credential: one event, by which its logins can be traced to whoever it was vended to, and one more to count. */
import { toRfc3339 } from '../domain/time.ts';
import type { Request } from '../http/exchange.ts';
import type { Log, Metrics } from '../ports.ts';
import type { Vended } from '../usecases/vend-credential.ts';

export function recordVended(
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  { requestId, sourceAddress, presented }: Request,
  vended: Vended,
): void {
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
  metrics.count('Vended');
}
