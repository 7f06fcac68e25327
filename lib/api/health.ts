/** The health check of the login function: whether it can read the table and sign for each service. */
import { refreshing } from '../cache/refreshing.ts';
import { accessTokenClaims } from '../domain/access-token.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { HandlerOf } from '../http/request.ts';
import type { LoginStore } from '../ports/stores.ts';
import type { LoginPorts } from '../usecases/log-in.ts';
import type { Health } from './public-responses.ts';

export interface HealthPorts extends Pick<LoginPorts, 'clock' | 'issuer' | 'signer'> {
  readonly store: Pick<LoginStore, 'read'>;
}

/** Any name will do: it only has to be read. */
const PROBE_NAMESPACE = 'pullpass-health';

/** Anyone may ask, so one answer serves all callers for this long. */
const CACHED_MS = 5_000;

export function healthHandlers(ports: HealthPorts, services: readonly Service[]) {
  const healthy = refreshing({
    load: () => probe(ports, services),
    freshFor: CACHED_MS,
    usableFor: CACHED_MS,
    retryAfter: 0,
  });
  return {
    async checkHealth() {
      await healthy.get(ports.clock());
      return { status: 200, json: { status: 'ok' } satisfies Health };
    },
  } satisfies Record<string, HandlerOf['public']>;
}

async function probe(
  { store, signer, clock, issuer }: HealthPorts,
  services: readonly Service[],
): Promise<void> {
  const now = toSeconds(clock());
  await store.read({ namespaces: [PROBE_NAMESPACE] });
  for (const { name } of services) {
    const issuance = { issuer, service: name, subject: '', granted: [], jti: '' };
    await signer.sign(accessTokenClaims(issuance, 0, now), now);
  }
}
