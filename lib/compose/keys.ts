/** Puts the upkeep of the keys together from its configuration. */
import type { KeyEvents } from '../api/keys.ts';
import { putAnswer } from '../aws/put-answer.ts';
import { readConfig } from '../config.ts';
import { servicesOf } from '../config-services.ts';
import { credentialKeyUpkeep } from '../derivation/credential-upkeep.ts';
import { ringUpkeep } from '../signing/maintenance.ts';
import { structuredLog } from '../telemetry/log.ts';
import { composeIdentity, IDENTITY_SETTINGS } from './identity.ts';
import { composeCredentialPlace, composeKeyDirectory } from './key-places.ts';
import { composeMetrics } from './metrics.ts';
import { clock, randomBytes } from './system.ts';

export function composeKeys(): KeyEvents {
  const config = readConfig(['service', 'services', 'keys', 'credentialKey', 'stage', ...IDENTITY_SETTINGS]);
  const metrics = composeMetrics(config);
  const ports = {
    rings: ringUpkeep(composeKeyDirectory(config.keys)),
    credentialKeys: credentialKeyUpkeep(composeCredentialPlace(config.credentialKey), randomBytes),
    services: servicesOf(config),
    clock,
    metrics,
  };
  const settle = () => composeIdentity(config).settle(clock());
  return { ports, respond: (url, body) => putAnswer(url, body), settle, log: structuredLog(), metrics };
}
