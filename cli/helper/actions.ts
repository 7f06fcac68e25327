/** The actions of the credential helper: get, store, erase and list. */
import * as v from 'valibot';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { secretFormatOf } from '../../lib/domain/secret.ts';
import { isSameRegistry } from '../../lib/domain/service.ts';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { Clock } from '../../lib/ports/system.ts';
import { CliError, detailsOf, messageOf } from '../errors.ts';
import { EMPTY, type Home, type State } from '../home.ts';
import type { Timeouts } from '../io.ts';
import type { Network } from '../network.ts';
import { checkRegistry } from '../registry/challenge.ts';
import { type Vended, vend, vendWidest } from '../registry/service.ts';
import { type Life, Vendor } from '../registry/vendor.ts';
import { secretIn } from '../secret-source.ts';
import { Session } from '../session.ts';
import type { Target } from '../target.ts';
import { type Listing, listings, listingsOf, registryOf, usableAmong, withoutStored } from './listings.ts';
import { lifeOf, type Order } from './order.ts';
import { vendedFor } from './reuse.ts';

export interface HelperPorts {
  readonly home: Home;
  readonly clock: Clock;
  readonly timeouts: Timeouts;
  readonly network: Network;
  /** Gets what the user should know although the action succeeds. */
  readonly warn: (text: string) => void;
  /** Of the `registry-login` that has started the client; undefined: none has. */
  readonly order: Order | undefined;
}

/** Gets standard input, and answers standard output. */
export type Action = (ports: HelperPorts, input: string) => Promise<string>;

/** docker-credential-helpers `credentials/error.go`: clients compare it to the letter. */
export const NOT_FOUND = 'credentials not found in native keychain';

const USER_NAME = 'token';

/** Builders keep a credential for ten minutes, and then may work with it for long. */
const ENOUGH_SECONDS = HOUR_SECONDS / 2;

const STORED = v.object({ ServerURL: v.string(), Username: v.string(), Secret: v.string() });

/**
 * A credential for a registry that a target lists, vended a minute ago at most. The registry is asked each time where it
 * sends its clients: what it gets here, a client would send there.
 */
async function get(ports: HelperPorts, serverUrl: string): Promise<string> {
  const listing = await usableFor(ports, serverUrl);
  const { target, service, order } = listing;
  const session = sessionOf(listing, ports);
  const [{ password, shortened }] = await Promise.all([
    vendedFor({ session, service, request: order, vend: () => vendAs(listing, session) }, ports),
    checkRegistry(
      { url: target.url, service: service.name },
      { registry: service.registry, timeoutMs: ports.timeouts.registryMs, network: ports.network },
    ),
  ]);
  if (shortened !== null) ports.warn(shortened);
  return JSON.stringify({ ServerURL: serverUrl, Username: USER_NAME, Secret: password.reveal() });
}

/** As the last `registry-login` has ordered it, if there was one. */
async function vendAs({ order, service }: Listing, session: Session): Promise<Vended> {
  const { access = null, repositories, expiresInSeconds = null } = order ?? {};
  const vendor = await Vendor.open(session, lifeFor(lifeOf({ expiresInSeconds })));
  const request = { service: service.name, repositories: repositories ?? undefined };
  return access === null ? vendWidest(vendor, request) : vend(vendor, { ...request, access });
}

/** Of an hour, half is enough; what is longer or shorter has been asked for. */
function lifeFor(seconds: number): Life {
  return seconds === HOUR_SECONDS ? { seconds, enoughSeconds: ENOUGH_SECONDS } : { seconds };
}

async function usableFor(ports: HelperPorts, serverUrl: string): Promise<Listing> {
  const registry = registryOf(serverUrl);
  const listed = listingsOf(await stateFor(registry, ports), registry);
  const listing = usableAmong(listed);
  if (listing !== undefined) return listing;
  const first = listed.find(({ order }) => order !== undefined) ?? listed[0];
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
 * of `registry-login` the order is, and `docker login` without a user name stores what `get` has answered.
 */
async function store({ home, order }: HelperPorts, input: string): Promise<string> {
  const { ServerURL: serverUrl, Username: userName, Secret: text } = readStored(input);
  const registry = registryOf(serverUrl);
  const listed = listingsOf(await home.read(), registry);
  const [first] = listed;
  if (first === undefined) throw unlisted(registry);
  if (userName !== USER_NAME) {
    throw order === undefined ? otherUserName(userName, first.target) : helperIsLoggedIn(registry);
  }
  const secret = secretIn(text, { source: 'The password', what: 'registry token' });
  const isCredential = secretFormatOf(secret) === 'a credential';
  if (isCredential && order !== undefined && isSameRegistry(order.registry, registry)) {
    await home.update(state => {
      const others = withoutStored(state, registry);
      return { ...others, orders: [...others.orders, order] };
    });
    return '';
  }
  if (isCredential && usableAmong(listed) !== undefined) return '';
  if (parseRegistryToken(secret) === undefined) throw noRegistryToken(first.target);
  const target = first.target.name;
  await home.update(state => {
    const others = withoutStored(state, registry);
    const token = { registry: first.service.registry, target, token: secret };
    return { ...others, registryTokens: [...others.registryTokens, token] };
  });
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
  await home.update(state => withoutStored(state, registry));
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

/** `registry-login --iamrefresh`: a helper has no use for the refresh token, which it must not be given. */
function helperIsLoggedIn(registry: string): CliError {
  return new CliError(`The credential helper serves ${registry}, and stays logged in by itself.`, {
    next: 'Use registry-login without --iamrefresh.',
  });
}

function noRegistryToken({ name }: Target): CliError {
  return new CliError(
    'The password for the user name token is not a registry token, and only registry tokens can be stored here.',
    {
      next: `Give a registry token (plp_…), or log in with: pullpass login --target ${name}`,
    },
  );
}
