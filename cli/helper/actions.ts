/** The actions of the credential helper: get, store, erase and list. */
import * as v from 'valibot';
import { hostAsWritten, isSameRegistry } from '../../lib/domain/registry-host.ts';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { type Secret, secretFormatOf } from '../../lib/domain/secret.ts';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { Clock } from '../../lib/ports/system.ts';
import { CliError, detailsOf, messageOf } from '../errors.ts';
import { EMPTY, type Home, type State } from '../home.ts';
import type { Timeouts } from '../io.ts';
import type { Network } from '../network.ts';
import { checkRegistry } from '../registry/challenge.ts';
import { vendWidest } from '../registry/service.ts';
import { Vendor } from '../registry/vendor.ts';
import { secretIn } from '../secret-source.ts';
import { Session } from '../session.ts';
import type { Target, TargetService } from '../target.ts';

export interface HelperPorts {
  readonly home: Home;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
  readonly network: Network;
  /** Gets what the user should know although the action succeeds. */
  readonly warn: (text: string) => void;
}

/** Gets standard input, and answers standard output. */
export type Action = (ports: HelperPorts, input: string) => Promise<string>;

/** docker-credential-helpers `credentials/error.go`: clients compare it to the letter. */
export const NOT_FOUND = 'credentials not found in native keychain';

const USER_NAME = 'token';

/** Builders keep a credential for ten minutes, and then may work with it for long. */
const LIFE = { seconds: HOUR_SECONDS, enoughSeconds: HOUR_SECONDS / 2 } as const;

const STORED = v.object({ ServerURL: v.string(), Username: v.string(), Secret: v.string() });

/**
 * A fresh credential for a registry that a target lists. The registry is asked first where it sends its clients: what
 * it gets here, a client would send there.
 */
async function get(ports: HelperPorts, serverUrl: string): Promise<string> {
  const listing = await usableFor(ports, serverUrl);
  const { target, service } = listing;
  const [{ username, password, shortened }] = await Promise.all([
    Vendor.open(sessionOf(listing, ports), LIFE).then(vendor =>
      vendWidest(vendor, { service: service.name }),
    ),
    checkRegistry(
      { url: target.url, service: service.name },
      { registry: service.registry, timeoutMs: ports.timeouts.registryMs, network: ports.network },
    ),
  ]);
  if (shortened !== undefined) ports.warn(shortened);
  return JSON.stringify({ ServerURL: serverUrl, Username: username, Secret: password.reveal() });
}

async function usableFor(ports: HelperPorts, serverUrl: string): Promise<Listing> {
  const registry = registryOf(serverUrl);
  const listed = listingsOf(await stateFor(registry, ports), registry);
  const listing = usableAmong(listed);
  if (listing !== undefined) return listing;
  const [first] = listed;
  throw new CliError(
    NOT_FOUND,
    first === undefined ? {} : { next: `Log in with: pullpass login --target ${first.target.name}` },
  );
}

/**
 * The state. One that cannot be read counts as empty, unless it names the registry: an error would end the pulls from all
 * other registries, for which docker asks this helper too.
 */
async function stateFor(registry: string | undefined, { home, warn }: HelperPorts): Promise<State> {
  return home.read().catch(async (error: unknown) => {
    if (registry !== undefined && (await home.mentions(`"${registry}"`))) throw error;
    warn([messageOf(error), detailsOf(error).next].join(' ').trim());
    return EMPTY;
  });
}

/** A token that was stored for the registry goes before the login of the target. */
function sessionOf(
  { target, token }: Listing,
  { home, clock, timeouts, network, warn }: HelperPorts,
): Session {
  const login = token === undefined ? target.login : ({ kind: 'registry-token', token } as const);
  return new Session({
    home,
    clock,
    network,
    target: { ...target, login },
    requestMs: timeouts.requestMs,
    warn,
  });
}

/**
 * Stores a registry token for a registry that a target lists. A credential is not stored where new ones can be made:
 * `docker login` without a user name stores what `get` has answered.
 */
async function store({ home }: HelperPorts, input: string): Promise<string> {
  const { ServerURL: serverUrl, Username: userName, Secret: text } = readStored(input);
  const registry = registryOf(serverUrl);
  const listed = listingsOf(await home.read(), registry);
  const [first] = listed;
  if (first === undefined) throw unlisted(registry);
  if (userName !== USER_NAME) throw otherUserName(userName, first.target);
  const secret = secretIn(text, { source: 'The password', what: 'registry token' });
  if (secretFormatOf(secret) === 'a credential' && usableAmong(listed) !== undefined) return '';
  if (parseRegistryToken(secret) === undefined) throw noRegistryToken(first.target);
  const target = first.target.name;
  await home.update(state => ({
    ...state,
    registryTokens: [
      ...state.registryTokens.filter(stored => !isSameRegistry(stored.registry, registry)),
      { registry: first.service.registry, target, token: secret },
    ],
  }));
  return '';
}

/** Forgets the registry token. A login is not the helper's to end: it serves all registries of its target. */
async function erase(ports: HelperPorts, serverUrl: string): Promise<string> {
  const { home } = ports;
  const registry = registryOf(serverUrl);
  const listing = await usableFor(ports, serverUrl);
  if (listing.token === undefined) {
    throw new CliError(`${registry} is served by the login to ${listing.target.url}.`, {
      next: `End it with: pullpass logout --target ${listing.target.name}`,
    });
  }
  await home.update(state => ({
    ...state,
    registryTokens: state.registryTokens.filter(stored => !isSameRegistry(stored.registry, registry)),
  }));
  return '';
}

async function list(ports: HelperPorts): Promise<string> {
  const state = await stateFor(undefined, ports);
  const registries = listings(state).map(({ service }) => service.registry);
  const served = registries.filter(registry => usableAmong(listingsOf(state, registry)) !== undefined);
  return JSON.stringify(Object.fromEntries(served.map(registry => [registry, USER_NAME])));
}

export const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['get', get],
  ['store', store],
  ['erase', erase],
  ['list', list],
]);

function readStored(input: string): v.InferOutput<typeof STORED> {
  try {
    return v.parse(STORED, parseStrictJson(input));
  } catch {
    // Not repeated: it may hold a secret.
    throw new CliError('Standard input is not {"ServerURL", "Username", "Secret"}.');
  }
}

function unlisted(registry: string): CliError {
  return new CliError(`No target lists the registry ${registry}.`, {
    next: 'Add its deployment with: pullpass target-add NAME URL. For other registries, name another helper in "credHelpers".',
  });
}

function otherUserName(userName: string, { name }: Target): CliError {
  return new CliError(
    `The user name ${JSON.stringify(userName)} cannot be stored here: only a registry token can.`,
    {
      next: `Log in with: pullpass login --target ${name}. The helper then gets a new credential for each use.`,
    },
  );
}

function noRegistryToken({ name }: Target): CliError {
  return new CliError(
    'The password for the user name token is not a registry token, and only registry tokens can be stored here.',
    {
      next: `Give a registry token (plp_…), or log in with: pullpass login --target ${name}`,
    },
  );
}

/** A registry that a target lists, and the registry token that was stored for it. */
interface Listing {
  readonly target: Target;
  readonly service: TargetService;
  readonly token: Secret | undefined;
}

/** The registry that a server URL is of; the text itself where it is none, as docker's `https://index.docker.io/v1/`. */
function registryOf(serverUrl: string): string {
  return hostAsWritten(serverUrl) ?? serverUrl;
}

/** Every registry of every target, those of the current target first. */
function listings(state: State): readonly Listing[] {
  const isCurrent = ({ name }: Target) => name === state.current;
  const targets = [...state.targets.filter(isCurrent), ...state.targets.filter(target => !isCurrent(target))];
  return targets.flatMap(target =>
    target.services.map(service => ({ target, service, token: tokenFor(state, target, service) })),
  );
}

/** Those of this registry. */
function listingsOf(state: State, registry: string): readonly Listing[] {
  return listings(state).filter(({ service }) => isSameRegistry(service.registry, registry));
}

/** The one to use: a token that was stored for the registry goes before a login. */
function usableAmong(listed: readonly Listing[]): Listing | undefined {
  return (
    listed.find(({ token }) => token !== undefined) ?? listed.find(({ target }) => target.login !== null)
  );
}

function tokenFor(state: State, target: Target, { registry }: TargetService): Secret | undefined {
  return state.registryTokens.find(
    stored => stored.target === target.name && isSameRegistry(registry, stored.registry),
  )?.token;
}
