/** Whether the login function can do its work: read the store, and sign for every service. */
import { accessTokenClaims } from '../domain/access-token.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { Handlers } from '../http/exchange.ts';
import type { LoginPorts } from '../usecases/log-in.ts';

/** A name that nothing depends on: it only has to be read. */
const PROBE_NAMESPACE = 'pullpass-health';
/** Anyone may ask, so an answer serves everybody for this long. */
const REMEMBERED_MS = 5_000;

export function healthOperations(ports: LoginPorts, services: readonly Service[]): Handlers {
  let healthyUntilMs = 0;
  return {
    async checkHealth() {
      if (ports.clock() >= healthyUntilMs) {
        await probe(ports, services);
        healthyUntilMs = ports.clock() + REMEMBERED_MS;
      }
      return { status: 200, json: { status: 'ok' } };
    },
  };
}

async function probe(
  { store, signer, clock, issuer }: LoginPorts,
  services: readonly Service[],
): Promise<void> {
  const now = toSeconds(clock());
  await store.read({ namespaces: [PROBE_NAMESPACE] });
  for (const { name } of services) {
    const issuance = { issuer, service: name, subject: '', granted: [], jti: '' };
    await signer.sign(accessTokenClaims(issuance, 0, now), now);
  }
}
