import type { KeyEvents } from '../api/keys.ts';
import { putResponse } from '../aws/custom-resource.ts';
import { readConfig } from '../config/config.ts';
import { servicesOf } from '../config/services.ts';
import { credentialKeyRotation } from '../derivation/credential-key-rotation.ts';
import { ringRotation } from '../signing/ring-rotation.ts';
import { structuredLog } from '../telemetry/log.ts';
import { composeTableMarker, TABLE_SETTINGS } from './identity.ts';
import { composeCredentialKeySource, composeKeyStore } from './key-places.ts';
import { composeMetrics } from './metrics.ts';
import { clock, randomBytes, write } from './system.ts';

export function composeKeys(): KeyEvents {
  const config = readConfig(['service', 'services', 'keys', 'credentialKey', 'stage', ...TABLE_SETTINGS]);
  const metrics = composeMetrics(config);
  const ports = {
    rings: ringRotation(composeKeyStore(config.keys)),
    credentialKeys: credentialKeyRotation(composeCredentialKeySource(config.credentialKey), randomBytes),
    services: servicesOf(config),
    clock,
    metrics,
  };
  const settle = () => composeTableMarker(config).initialise(clock());
  return {
    ports,
    respond: (url, body) => putResponse(url, body),
    settle,
    log: structuredLog({ write, clock }),
    metrics,
  };
}
