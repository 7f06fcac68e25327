/** The keys function: rotates the keys of all services and the credential key. */

import { keyHandler } from '../api/invocations.ts';
import { putResponse } from '../aws/reports.ts';
import { credentialKeyRotation } from '../derivation/credential-keys.ts';
import { ringRotation } from '../signing/ring-rotation.ts';
import { openParts, type World } from './parts.ts';
import { openCredentialKeySource, openKeyStore, openTableMarker, TABLE_SETTINGS } from './resources.ts';

export function createKeys(world: World): ReturnType<typeof keyHandler> {
  const parts = openParts(world, ['services', 'keys', 'credentialKey', ...TABLE_SETTINGS]);
  const { config, clock, randomBytes, metrics, log } = parts;
  const marker = openTableMarker(parts);
  return keyHandler({
    ports: {
      rings: ringRotation(openKeyStore(parts)),
      credentialKeys: credentialKeyRotation(openCredentialKeySource(parts), randomBytes),
      services: config.services,
      clock,
      metrics,
    },
    respond: (url, body) => putResponse(url, body),
    settle: () => marker.initialise(clock()),
    log,
    metrics,
  });
}
