/** A thousand acts that take something away, a restore to the moment before them, and none of them undone. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALL_ROUTES, ROUTES } from '../../lib/api/routes.ts';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { openParts } from '../../lib/compose/parts.ts';
import { openTable, TABLE_SETTINGS } from '../../lib/compose/resources.ts';
import { createRestore } from '../../lib/compose/restore.ts';
import { fileTableMarker } from '../../lib/ledger/table-marker.ts';
import type { ReplayCounts } from '../../lib/usecases/replay-ledger.ts';
import type { ServedTable } from './backends.ts';
import { inBatches } from './batches.ts';
import { grantOf } from './claims.ts';
import { ALICE, type Deployment, deploy } from './deployment.ts';
import { CONTEXT, type Received, type Sent } from './events.ts';
import { audienceOf, openGitHub, type TestIssuer } from './platforms.ts';
import { randomFrom } from './random.ts';
import { NOW, SERVICE } from './records.ts';
import { fill, itemsOf } from './stores.ts';

const SEED = Number(process.env.SEED ?? 20_261_121);
const NAMESPACES = Array.from({ length: 6 }, (_, i) => `team-${i}`);
const SCOPES = NAMESPACES.flatMap(name => [`repository:${name}/app:*`, `repository:${name}/lib/x:*`]);
const QUERY = `service=${SERVICE.name}&scope=${SCOPES.join('+')}`;
/** The names that are released, and perhaps registered again; the others are held all along. */
const GIVEN_UP = NAMESPACES.slice(0, 3);
const random = randomFrom(SEED);
const oneOf = <T>(list: readonly T[]): T => list[random(list.length)] as T;

interface Token {
  readonly id: string;
  /** All values that were ever shown, the newest last. */
  readonly values: string[];
  /** Whether it was given something after it was copied, which a restore loses. */
  given: boolean;
}

let deployment: Deployment;
let github: TestIssuer;
let bearer: string;
const tokens: Token[] = [];
/** The values of tokens that are not changed. */
const kept: string[] = [];
const credentials: string[] = [];
/** Who logs in with what, but tokens and credentials: identities by policies, a workload by trusts. */
const others = new Map<string, Sent>();
let policies: string[];
let trusts: string[];

const alice = (line: string, json?: object) =>
  deployment.send(line, { bearer, ...(json === undefined ? {} : { json }) });

async function manage(line: string, json?: object): Promise<Received> {
  const answer = await alice(line, json);
  expect(answer.status, `${line} ${answer.text} (seed ${SEED})`).toBeLessThan(300);
  return answer;
}

async function addToken(): Promise<Token> {
  const patterns = random(2) === 0 ? { repositories: NAMESPACES.map(name => `${name}/*`) } : {};
  const life = random(2) === 0 ? { nonExpiring: true } : { expiresInSeconds: 7_200 };
  const { id, token } = (await manage('POST /v1/tokens', { access: 'push', ...life, ...patterns })).json;
  return { id, values: [token], given: false };
}

async function addCredential(): Promise<void> {
  const parent = oneOf(tokens).values.at(-1) ?? '';
  const sent = { bearer: parent, json: { access: 'push', expiresInSeconds: 7_200 } };
  credentials.push((await deployment.send('POST /v1/credentials', sent)).json.password);
}

/** An act revokes something, or grants it, or finds nothing to do; answers whether it was acknowledged. */
type Act = () => Promise<Received>;
const token = () => oneOf(tokens);
const revoke = (secret: string) => deployment.send('POST /oauth/revoke', { form: { token: secret } });
const patch = (json: object) => {
  const patched = token();
  patched.given ||= 'nonExpiring' in json || ('disabled' in json && json.disabled === false);
  return alice(`PATCH /v1/tokens/${patched.id}`, json);
};
const TAKE: readonly Act[] = [
  () => alice(`DELETE /v1/tokens/${token().id}`),
  () => patch({ disabled: true }),
  () => patch({ access: 'pull' }),
  () =>
    patch({
      repositories: NAMESPACES.filter(() => random(2) === 0)
        .map(name => `${name}/*`)
        .concat('team-0/app'),
    }),
  () => patch({ repositories: [`${oneOf(NAMESPACES)}/app`] }),
  () => patch({ expiresInSeconds: 60 + random(1_200) }),
  () => patch({ access: 'pull', nonExpiring: true, disabled: false }),
  async () => {
    const rotated = token();
    const json = { graceSeconds: oneOf([0, 0, 600, 5_000]), force: true };
    const answer = await alice(`POST /v1/tokens/${rotated.id}/rotate`, json);
    if (answer.status === 200) rotated.values.push(answer.json.token);
    return answer;
  },
  () => revoke(oneOf(token().values)),
  () => revoke(oneOf(credentials)),
  () => alice(`DELETE /v1/policies/${oneOf(policies)}`),
  () => alice(`DELETE /v1/trusts/${oneOf(trusts)}`),
];
const RARELY: readonly Act[] = [
  () => alice(`DELETE /v1/namespaces/${oneOf(GIVEN_UP)}`),
  () => alice(`PUT /v1/namespaces/${oneOf(NAMESPACES)}`),
  () => patch({ disabled: false }),
  () => patch({ access: 'push', repositories: null, nonExpiring: true }),
];

/** What a login gives: a line for each repository; nothing when it is refused. */
async function rightsOf(sent: Sent): Promise<string[]> {
  const answer = await deployment.send(`GET /oauth/token?${QUERY}`, sent);
  if (answer.status === 401) return [];
  expect(answer.status, answer.text).toBe(200);
  return ['in', ...grantOf(answer)];
}

/** What every secret there ever was gives at a moment, `seconds` from the beginning. */
async function observe(seconds: number): Promise<Map<string, string[]>> {
  deployment.wait(NOW + seconds - Date.now() / 1000);
  const secrets = [...tokens.flatMap(({ values }) => values), ...kept, ...credentials];
  const callers = new Map<string, Sent>(secrets.map(value => [value, { basic: ['token', value] }]));
  // Proofs of an IAM and of a platform end within the hour.
  if (seconds < 3_600) for (const [name, sent] of others) callers.set(name, sent);
  const seen = new Map<string, string[]>();
  await inBatches([...callers], async ([name, sent]) => seen.set(name, await rightsOf(sent)));
  return seen;
}

/** What `some` gives that `other` does not. */
function beyond(some: Map<string, string[]>, other: Map<string, string[]>): string[] {
  return [...some].flatMap(([name, rights]) => {
    const known = new Set((other.get(name) ?? []).flatMap(actionsOf));
    return rights
      .flatMap(actionsOf)
      .filter(right => !known.has(right))
      .map(right => `${name}: ${right}`);
  });
}

function actionsOf(line: string): string[] {
  const at = line.lastIndexOf(':');
  return at < 0
    ? [line]
    : line
        .slice(at + 1)
        .split(',')
        .map(action => line.slice(0, at + 1) + action);
}

const MOMENTS = [500, 5_800];
const SOON = { ...CONTEXT, getRemainingTimeInMillis: () => 20_000 };
const LATE = { ...CONTEXT, getRemainingTimeInMillis: () => 600_000 };
const replay = async (event: unknown, context = LATE) =>
  (await createRestore(deployment.serving)(event, context)) as ReplayCounts;

/** Defines the tests, with so many acts after the copy. */
export function restoreTests(acts: number, onAws: boolean): void {
  const truth: Map<string, string[]>[] = [];
  const copied: Map<string, string[]>[] = [];
  let main: ServedTable;
  let copy: ServedTable;
  let acknowledged = 0;

  beforeAll(async () => {
    for (const list of [tokens, kept, credentials, truth, copied]) list.length = 0;
    others.clear();
    acknowledged = 0;
    github = await openGitHub();
    deployment = await deploy({ onAws, issuers: [github.entry] });
    bearer = await deployment.bearerOf(ALICE);
    main = deployment.main;
    for (const name of NAMESPACES) await manage(`PUT /v1/namespaces/${name}`);
    for (let i = 0; i < 220; i++) tokens.push(await addToken());
    for (let i = 0; i < 20; i++) kept.push(...(await addToken()).values);
    for (let i = 0; i < 60; i++) await addCredential();
    const claims = { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' };
    trusts = [];
    policies = [];
    for (const name of NAMESPACES) {
      const rule = { access: 'push', repositories: [`${name}/*`] };
      trusts.push((await manage('POST /v1/trusts', { issuer: 'github', claims, ...rule })).json.id);
      for (const person of ['dave', 'erin', 'frank']) {
        const policy = { subject: person, role: 'manager', repositories: [`${name}/*`] };
        policies.push((await manage('POST /v1/policies', policy)).json.id);
      }
    }
    for (const person of ['dave', 'erin', 'frank']) {
      others.set(person, { basic: ['iambearer', await deployment.bearerOf(`acme:${person}`)] });
    }
    others.set('workload', { basic: ['oidc', github.token({ aud: audienceOf('dev:acme') })] });

    copy = await deployment.freshTable();
    const items = await itemsOf(main.table);
    for (const moment of MOMENTS) copied.push(await observe(moment));
    deployment.wait(NOW + 10 - Date.now() / 1000);
    for (let i = 0; i < acts; ) {
      const { status } = await oneOf(random(40) === 0 ? RARELY : TAKE)();
      expect(status, `seed ${SEED}`).toBeLessThan(500);
      if (status >= 300) continue;
      i++;
      acknowledged++;
    }
    for (const moment of MOMENTS) truth.push(await observe(moment));
    await fill(copy.table, items);
    deployment.wait(NOW + 400 - Date.now() / 1000);
  }, 240_000);
  afterAll(async () => {
    await deployment.close();
    await github.server.close();
  });

  it('the copy would bring back hundreds of things', () => {
    expect(acknowledged).toBe(acts);
    const back = copied.flatMap((seen, i) => beyond(seen, truth[i] ?? new Map()));
    expect(new Set(back.map(line => line.split(':')[0])).size).toBeGreaterThan(acts / 5);
  });

  it('every request gets 503 with Retry-After', async () => {
    // On one machine it is the next start, or the end, that tells a copy from the original.
    if (!onAws) await startAnew();
    deployment.serveFrom(copy);
    // On AWS nothing is served that was not attested, and a deployment attests before its functions change.
    expect((await alice('GET /v1/tokens')).status).toBe(503);
    if (onAws) expect(await deployment.initialise()).toBe('differs');
    const guarded = [...ROUTES.login, ...ROUTES.management, ...ROUTES.credentials];
    for (const { method, path } of guarded) {
      const answer = await alice(`${method} ${path.replace(/\{\w+\}/, tokens[0]?.id ?? '')}`);
      expect([method, path, answer.status, answer.headers['retry-after']]).toEqual([method, path, 503, '60']);
    }
    expect(JSON.parse(deployment.logs.at(-1) ?? '')).toMatchObject({ reason: 'restored table' });
    const open = ALL_ROUTES.filter(({ path }) => path.startsWith('/.well-known'));
    for (const { path } of open) expect((await deployment.send(`GET ${path}`)).status).toBe(200);
    await expect(createCleanup(deployment.serving)(undefined, LATE)).rejects.toThrow('restored table');
  });

  it('a deployment changes nothing of that, nor does a replay that is only tried', async () => {
    expect(await deployment.initialise()).toBe('differs');
    const tried = await replay({ dryRun: true });
    expect(tried).toMatchObject({ applied: 0, served: false });
    expect((await deployment.send('GET /health')).status).toBe(503);
    await expect(replay({ dryrun: true })).rejects.toThrow();
  });

  it('after the replay, a page at a time, none of the acts is undone', async () => {
    let runs = 0;
    for (let finished = false; !finished; runs++) {
      expect((await deployment.send('GET /health')).status).toBe(503);
      deployment.wait(5);
      finished = (await replay({}, SOON)).finished === true;
    }
    expect(runs).toBeGreaterThan(1);
    expect((await deployment.send('GET /health')).status).toBe(200);
    for (const [i, moment] of MOMENTS.entries()) {
      const seen = await observe(moment);
      expect(beyond(seen, truth[i] ?? new Map()), `seed ${SEED}, after ${moment} s`).toEqual([]);
      expect(beyond(seen, widened(copied[i], i)), `seed ${SEED}, after ${moment} s`).toEqual([]);
    }
  });

  it('tokens that were not changed work as before, and rotated ones have their last value', async () => {
    const [before = new Map(), after = new Map()] = [copied[0], await observe(MOMENTS[0] ?? 0)];
    const [now = new Map()] = truth;
    const held = (rights: string[] = []) =>
      rights.filter(line => !GIVEN_UP.some(name => line.includes(`:${name}/`)));
    for (const value of kept) {
      expect(held(after.get(value))).toHaveLength(1 + 2 * (NAMESPACES.length - GIVEN_UP.length));
      expect([held(before.get(value)), held(now.get(value))]).toEqual(
        Array.from({ length: 2 }, () => held(after.get(value))),
      );
    }
    const rotated = tokens.filter(
      ({ values, given }) => !given && values.length > 1 && now.get(values.at(-1) ?? '')?.length,
    );
    expect(rotated.length).toBeGreaterThan(0);
    for (const { values } of rotated) expect(after.get(values.at(-1) ?? '')?.[0]).toBe('in');
  });

  it('the original is served from no more', async () => {
    deployment.serveFrom(main);
    expect(await deployment.initialise()).toBe('differs');
    expect((await deployment.send('GET /health')).status).toBe(503);
  });

  /** What the copy gave, and the values that were issued since. */
  function widened(seen: Map<string, string[]> = new Map(), at: number): Map<string, string[]> {
    const fresh = new Set(tokens.flatMap(({ values }) => values.slice(1)));
    const issued = [...(truth[at] ?? [])].filter(([name]) => fresh.has(name));
    return new Map([...seen, ...issued]);
  }
}

/** What a start of one machine does to the table that it finds. */
async function startAnew(): Promise<void> {
  const parts = openParts(deployment.serving, TABLE_SETTINGS);
  const { ledger } = parts.config;
  if (ledger.kind !== 'file') throw new Error('not of one machine');
  const options = { table: openTable(parts), directory: ledger.path, randomBytes: parts.randomBytes };
  await fileTableMarker(options).leave(Date.now());
}
