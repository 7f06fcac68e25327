/** The keys function: rotates the keys of all services and the credential key, and attests the table. */
import { keyHandler } from '../api/invocations.ts';
import { putResponse } from '../aws/reports.ts';
import { credentialKeyRotation } from '../derivation/credential-keys.ts';
import { ringRotation } from '../signing/ring-rotation.ts';
import { openParts, type World } from './parts.ts';
import {
  openAttesting,
  openCredentialKeySource,
  openKeyStore,
  openRetirement,
  openTableMarker,
  TABLE_SETTINGS,
} from './resources.ts';

export function createKeys(world: World): ReturnType<typeof keyHandler> {
  const parts = openParts(world, [
    'services',
    'keys',
    'credentialKey',
    'secretTags',
    'secretKey',
    ...TABLE_SETTINGS,
  ]);
  const { config, clock, randomBytes, metrics, log } = parts;
  const { secretTags: tags, secretKey: kmsKey } = config;
  const made = { tags, kmsKey };
  const marker = openTableMarker(parts, 'described');
  return keyHandler({
    ports: {
      rings: ringRotation(openKeyStore(parts, made)),
      credentialKeys: credentialKeyRotation(openCredentialKeySource(parts, made), randomBytes),
      retirement: openRetirement(parts),
      services: config.services,
      clock,
      metrics,
    },
    respond: (url, body) => putResponse(url, body),
    settle: () => marker.initialise(clock()),
    attest: openAttesting(parts),
    log,
    metrics,
  });
}
