/** Puts the public documents together from their configuration. */
import type { DiscoveryPorts } from '../api/discovery.ts';
import { readConfig } from '../config.ts';
import { servicesOf } from '../config-services.ts';
import { keyDirectory } from '../signing/key-directory.ts';
import { keyPublication } from '../signing/publication.ts';
import { cachedRings } from '../signing/rings.ts';
import { type ChainParts, publicChain } from './chain.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { clock } from './system.ts';

export function composeDiscovery(): { ports: DiscoveryPorts; chain: ChainParts } {
  const config = readConfig([...SERVICE_SETTINGS, 'issuers']);
  const services = servicesOf(config);
  const directory = keyDirectory(config.keys);
  const keys = keyPublication({ services, rings: cachedRings(directory), keys: directory });
  const iam = config.issuers?.iam ?? [];
  return { ports: { keys, clock, services, issuer: config.url, iam }, chain: publicChain() };
}
