import type { DiscoveryPorts } from '../api/discovery.ts';
import { readConfig } from '../config/config.ts';
import { servicesOf } from '../config/services.ts';
import { keyPublication } from '../signing/publication.ts';
import { type ChainParts, publicChain } from './chain.ts';
import { composeKeyStore } from './key-places.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { clock } from './system.ts';

export function composeDiscovery(): { ports: DiscoveryPorts; chain: ChainParts } {
  const config = readConfig([...SERVICE_SETTINGS, 'issuers']);
  const services = servicesOf(config);
  const keys = keyPublication(services, composeKeyStore(config.keys));
  const iam = config.issuers?.iam ?? [];
  return { ports: { keys, clock, services, issuer: config.url, iam }, chain: publicChain() };
}
