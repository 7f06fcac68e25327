/** The registries that the targets list, and what the helper has for each: a registry token, an order, or a login. */

import type { Secret } from '../../lib/domain/secret.ts';
import { hostAsWritten, isSameRegistry } from '../../lib/domain/service.ts';
import type { State } from '../home.ts';
import type { Target, TargetService } from '../target.ts';
import type { Order } from './order.ts';

/** A registry that a target lists, and what was stored for it. */
export interface Listing {
  readonly target: Target;
  readonly service: TargetService;
  readonly token: Secret | undefined;
  readonly order: Order | undefined;
}

/** The registry that a server URL is of; the text itself where it is none, as docker's `https://index.docker.io/v1/`. */
export function registryOf(serverUrl: string): string {
  return hostAsWritten(serverUrl) ?? serverUrl;
}

/** Every registry of every target, those of the current target first. */
export function listings(state: State): readonly Listing[] {
  const isCurrent = ({ name }: Target) => name === state.current;
  const targets = [...state.targets.filter(isCurrent), ...state.targets.filter(target => !isCurrent(target))];
  return targets.flatMap(target =>
    target.services.map(service => {
      const isOfIt = (stored: { target: string; registry: string }) =>
        stored.target === target.name && isSameRegistry(service.registry, stored.registry);
      const token = state.registryTokens.find(isOfIt)?.token;
      return { target, service, token, order: state.orders.find(isOfIt) };
    }),
  );
}

/** Those of this registry. */
export function listingsOf(state: State, registry: string): readonly Listing[] {
  return listings(state).filter(({ service }) => isSameRegistry(service.registry, registry));
}

/** The one to use: what was stored for the registry last goes before a login. */
export function usableAmong(listed: readonly Listing[]): Listing | undefined {
  const stored = listed.find(({ token, order }) => token !== undefined || order !== undefined);
  const isUsable = ({ token, target }: Listing) => token !== undefined || target.login !== null;
  return stored === undefined ? listed.find(isUsable) : [stored].find(isUsable);
}

/** The state without what was stored for the registry. */
export function withoutStored(state: State, registry: string): State {
  const isOther = (stored: { registry: string }) => !isSameRegistry(stored.registry, registry);
  return {
    ...state,
    registryTokens: state.registryTokens.filter(isOther),
    orders: state.orders.filter(isOther),
  };
}
