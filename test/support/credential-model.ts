/**
 * Credentials against their parents, over many random chains of acts: after any acts, a credential gives what
 * its parent would get itself, within what it was vended for, and not longer.
 */
import { randomInt } from 'node:crypto';
import { expect } from 'vitest';
import { parseScopes } from '../../lib/domain/access.ts';
import { parseCredential, readCredentialBody } from '../../lib/domain/credential.ts';
import type { GrantedAccess } from '../../lib/domain/grant.ts';
import {
  type Credentials,
  type LoginContext,
  loginContext,
  type Principal,
} from '../../lib/domain/principal.ts';
import type { Secret } from '../../lib/domain/secret.ts';
import { loginCredentials } from '../../lib/http/credentials.ts';
import { authenticateLogin } from '../../lib/usecases/authenticate.ts';
import { type Login, logIn } from '../../lib/usecases/log-in.ts';
import { vendCredential } from '../../lib/usecases/vend-credential.ts';
import { reaches } from '../domain/oracles/repository.ts';
import {
  ACTS,
  type Chain,
  type Chance,
  type Held,
  openChain,
  principalOf,
  REPOSITORIES,
  SERVICES,
  unlessRefused,
} from './credential-chains.ts';
import { basicHeader } from './events.ts';
import { aClaim } from './records.ts';

const LONGEST = 10;
const EVERYTHING = parseScopes(REPOSITORIES.map(name => `repository:${name}:*`));
const HALF_A_DAY = 43_200;
/** Also repositories that no rule names, as there may be some day. */
const NEAR_AND_FAR = [...REPOSITORIES, 'te/new', 'te/a/new', 'tea/new', 'new/new'].flatMap(name =>
  ['pull', 'push'].map(action => `${name}:${action}`),
);
const ASKED = NEAR_AND_FAR.map(line => `repository:${line}`);

/** A generator of small numbers, the same for a seed (mulberry32). */
function chanceOf(seed: number): Chance {
  let state = seed;
  return options => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, options);
  };
}

const seen = {
  given: 0,
  empty: 0,
  refused: 0,
  narrowed: 0,
  vended: { token: 0, identity: 0, workload: 0 },
  form: { listed: 0, digests: 0, policies: 0, trusts: 0 },
};

/** How the credential says what it is for. */
function formOf({ password, repositories, alsoPull }: Held['vended']): keyof typeof seen.form {
  const said = readCredentialBody(parseCredential(password)?.body ?? '');
  const sets = [said?.repositories, said?.alsoPull];
  if (sets.some(set => set != null && 'digests' in set)) return 'digests';
  if (JSON.stringify(sets) === JSON.stringify([repositories, alsoPull])) return 'listed';
  return said?.parent.kind === 'trust' ? 'trusts' : 'policies';
}

/** `repository:action`, for each action of each repository. */
function linesOf(granted: readonly GrantedAccess[]): string[] {
  return granted.flatMap(({ name, actions }) => actions.map(action => `${name}:${action}`));
}

const ROUTE = {
  path: '/oauth/token',
  operation: 'logIn',
  authentication: 'login',
  body: 'form',
  errors: 'registry',
} as const;

/** Who presents the secret, by one of the ways in which a login can come. */
function presenting(secret: Secret, chance: Chance): Credentials {
  const form = new Map([
    ['grant_type', ['password']],
    ['username', ['token']],
    ['password', [secret.reveal()]],
  ]);
  const ways = [
    {
      route: { ...ROUTE, method: 'GET' },
      headers: { authorization: basicHeader(['token', secret.reveal()]) },
    },
    { route: { ...ROUTE, method: 'POST' }, headers: {}, form },
  ] as const;
  const call = { form: new Map(), ...(ways[chance(2)] ?? ways[0]) };
  return loginCredentials(call);
}

type Authenticate = (chain: Chain, context: LoginContext) => Promise<Principal>;

const byPassword =
  (credentials: Credentials): Authenticate =>
  ({ logins }, context) =>
    authenticateLogin(logins, credentials, context);

const bySource =
  (source: Held['source']): Authenticate =>
  (chain, context) =>
    principalOf(chain, source, context);

async function loginOf(
  chain: Chain,
  authenticate: Authenticate,
  service = SERVICES[0],
): Promise<Login | undefined> {
  const context = loginContext(service.name, EVERYTHING);
  const principal = await unlessRefused(authenticate(chain, context));
  return principal && logIn(chain.logins, { principal, service, requested: EVERYTHING });
}

/** The end that the parent sets, from its own record. */
async function endOfParent({ world }: Chain, { source }: Held): Promise<number> {
  const { now, stores } = world;
  if (source.kind === 'identity') {
    const { kind, expiresAt } = source.identity;
    return kind === 'iambearer' ? Math.min(expiresAt ?? 0, now + 3600) : now + HALF_A_DAY;
  }
  if (source.kind === 'workload') {
    const rules = await stores.trusts.list(source.workload.handle);
    return now + Math.min(...rules.map(({ lifetimeSeconds }) => lifetimeSeconds));
  }
  const record = await stores.tokens.get('dev:acme', source.id, now);
  const isCurrent = record?.generation === source.generation;
  const ends = [record?.expiresAt, isCurrent ? undefined : (record?.previous?.expiresAt ?? 0)];
  return Math.min(...ends.filter(end => typeof end === 'number'), Number.POSITIVE_INFINITY);
}

/** As `expect`, which would take longer than all the rest. */
function requireThat(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

/** What the parent may do, as if its account held every namespace that there is. */
async function rightsOf(chain: Chain, { source, vended }: Held): Promise<string[]> {
  const { store } = chain.logins;
  const read: typeof store.read = async question => ({
    ...(await store.read(question)),
    claims: question.namespaces.map(name => aClaim({ name })),
  });
  const logins = { ...chain.logins, store: { ...store, read } };
  const { service } = vended;
  const requested = parseScopes(ASKED);
  const context = loginContext(service.name, requested);
  const principal = await principalOf({ ...chain, logins }, source, context);
  const login = await logIn(logins, { principal, service, requested });
  return linesOf(login.granted);
}

async function checkVended(chain: Chain, held: Held): Promise<void> {
  const { endsAt, vendedAt, refreshAfter } = held.vended;
  const [life, fresh] = [endsAt - vendedAt, refreshAfter - vendedAt];
  seen.vended[held.source.kind]++;
  seen.form[formOf(held.vended)]++;
  requireThat(endsAt <= (await endOfParent(chain, held)), 'ends after its parent');
  requireThat(life > 0 && life <= HALF_A_DAY, `lives ${life} seconds`);
  const most = await rightsOf(chain, held);
  const tooMuch = NEAR_AND_FAR.filter(line => isSaid(held, line) && !most.includes(line));
  requireThat(tooMuch.length === 0, `is for ${tooMuch}, and its parent for ${most}`);
  requireThat(fresh > 0.5 * life - 1 && fresh <= 0.8 * life, `is fresh for ${fresh} of ${life} seconds`);
}

/** What the credential says that it is for. */
function isSaid({ vended: { access, repositories, alsoPull } }: Held, line: string): boolean {
  const [name = '', action] = line.split(':');
  const isIn = (patterns: typeof alsoPull) => patterns?.some(pattern => reaches(pattern, name)) ?? true;
  if (action === 'pull') return isIn(repositories) || isIn(alsoPull);
  return action === 'push' && access === 'push' && isIn(repositories);
}

async function check(chain: Chain, held: Held, chance: Chance): Promise<void> {
  const { source, vended } = held;
  const { now } = chain.world;
  const login = await loginOf(chain, byPassword(presenting(vended.password, chance)), vended.service);
  const parent = await loginOf(chain, bySource(source), vended.service);
  const hasTrust = source.kind !== 'workload' || held.trusts.some(id => chain.trusts.includes(id));
  const isGood = !held.ended && vended.endsAt > now && parent !== undefined && hasTrust;
  requireThat(isGood === (login !== undefined), `logs in: ${login !== undefined}`);
  if (login === undefined || parent === undefined) {
    seen.refused++;
    return;
  }
  const [lines, all] = [linesOf(login.granted), linesOf(parent.granted)];
  const most = all.filter(line => isSaid(held, line));
  seen[lines.length > 0 ? 'given' : 'empty']++;
  if (lines.length < all.length) seen.narrowed++;
  requireThat(
    lines.every(line => most.includes(line)),
    `is given ${lines}, and its parent ${all}`,
  );
  // One that names its rules knows nothing of those that were added after it; a workload's always does.
  const namesRules = source.kind === 'workload' || formOf(vended) === 'policies';
  const isWhole = namesRules || lines.length === most.length;
  requireThat(isWhole, `is given only ${lines}, of ${most}`);
  requireThat(login.expiresIn <= Math.max(60, vended.endsAt - now), `gives ${login.expiresIn} seconds`);
  requireThat(source.kind !== 'token' || login.expiresIn <= parent.expiresIn, 'gives longer than its parent');
}

/** Elsewhere it is nothing, and nothing is vended from it. */
async function checkUselessness(chain: Chain, { vended }: Held, chance: Chance): Promise<void> {
  const credentials = presenting(vended.password, chance);
  for (const service of SERVICES.filter(one => one !== vended.service)) {
    requireThat(
      (await loginOf(chain, byPassword(credentials), service)) === undefined,
      'logs in to another service',
    );
  }
  const { service, access, repositories } = vended;
  const wanted = { service, access, repositories, expiresInSeconds: 60 };
  const context = loginContext(service.name, []);
  const again = await unlessRefused(
    authenticateLogin(chain.logins, credentials, context).then(principal =>
      vendCredential(chain.logins, { principal, ...wanted }),
    ),
  );
  requireThat(again === undefined, 'is a parent');
}

async function run(seed: number): Promise<void> {
  const chance = chanceOf(seed);
  const chain = await openChain(chance);
  const acts: string[] = [];
  try {
    for (let left = 3 + chance(LONGEST - 2); left > 0; left--) {
      const [name, act] = ACTS[chance(ACTS.length)] ?? ['nothing', async () => undefined];
      acts.push(name);
      const before = chain.credentials.length;
      await unlessRefused(act(chain, chance));
      for (const held of chain.credentials.slice(before)) await checkVended(chain, held);
      for (const held of chain.credentials) await check(chain, held, chance);
    }
    for (const held of chain.credentials) await checkUselessness(chain, held, chance);
  } catch (cause) {
    throw new Error(`chain ${seed}: ${acts.join(', ')}: ${cause}`, { cause });
  }
}

/** Random chains from one seed on, which is printed; each kind of outcome must have come often. */
export async function expectNoCredentialAboveItsParent(chains: number): Promise<void> {
  const seed = randomInt(2 ** 31);
  for (let i = 0; i < chains; i++) await run(seed + i);
  console.info(`chains ${seed} to ${seed + chains - 1}:`, JSON.stringify(seen));
  const { vended, form, ...outcomes } = seen;
  for (const count of [...Object.values(vended), ...Object.values(outcomes)]) {
    expect(count).toBeGreaterThan(chains / 20);
  }
  for (const count of Object.values(form)) expect(count).toBeGreaterThan(chains / 200);
}
