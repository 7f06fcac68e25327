import type { Secret } from '../../lib/domain/secret.ts';
import type { State } from '../state.ts';
import type { Target, TargetService } from '../target.ts';

/** A registry that a target lists, and the registry token that was kept for it there. */
export interface Listing {
  readonly target: Target;
  readonly service: TargetService;
  readonly token: Secret | undefined;
}

const SCHEME = 'https://';

/** The registry that a server URL is of, as far as it is one: `host`, or `https://host` with nothing behind it. */
export function registryOf(serverUrl: string): string {
  return serverUrl.startsWith(SCHEME) ? serverUrl.slice(SCHEME.length) : serverUrl;
}

/** Every registry of every target, those of the current target first. */
export function listings(state: State): readonly Listing[] {
  const isCurrent = ({ name }: Target) => name === state.current;
  const targets = [...state.targets.filter(isCurrent), ...state.targets.filter(target => !isCurrent(target))];
  return targets.flatMap(target =>
    target.services.map(service => ({ target, service, token: tokenFor(state, target, service) })),
  );
}

/** Those of this registry. Compared byte for byte: whatever only looks like it is another one. */
export function listingsOf(state: State, registry: string): readonly Listing[] {
  return listings(state).filter(({ service }) => service.registry === registry);
}

/** The one that speaks for the registry: a token that was meant for it comes before a login. */
export function speakerAmong(listed: readonly Listing[]): Listing | undefined {
  return (
    listed.find(({ token }) => token !== undefined) ?? listed.find(({ target }) => target.login !== null)
  );
}

function tokenFor(state: State, target: Target, { registry }: TargetService): Secret | undefined {
  return state.registryTokens.find(kept => kept.target === target.name && kept.registry === registry)?.token;
}
