/** The log event of every vended credential. */

import type { Principal } from '../domain/principal.ts';
import { toRfc3339 } from '../domain/time.ts';
import type { Request } from '../http/request.ts';
import type { Log, Metrics } from '../ports/system.ts';
import type { Vended } from '../usecases/vend-credential.ts';

export interface VendedTelemetry {
  readonly log: Log;
  readonly metrics: Metrics;
}

export function recordVended(
  { log, metrics }: VendedTelemetry,
  {
    requestId,
    sourceAddress,
    principal,
  }: Pick<Request, 'requestId' | 'sourceAddress'> & { principal: Principal },
  { jti, service, access, repositories, alsoPull, endsAt }: Vended,
): void {
  log.info('vended', {
    requestId,
    sourceAddress,
    userName: principal.userName,
    registryService: service.name,
    account: principal.account,
    subject: principal.subject,
    credential: jti,
    access,
    repositories: repositories?.join(' ') ?? null,
    alsoPull: alsoPull?.join(' ') ?? null,
    expiresAt: toRfc3339(endsAt),
  });
  metrics.count('Vended');
}
