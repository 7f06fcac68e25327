/** Generated logins of every kind, made at the login endpoint and explained: what one decides, the other must say. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { nearScope } from '../domain/arbitraries.ts';
import { signToken } from '../iam/tokens.ts';
import { claimsOf } from './claims.ts';
import { ALICE, BOB, type Deployment, deploy } from './deployment.ts';
import type { Received, Sent } from './events.ts';
import { audienceOf, openGitHub, type TestIssuer } from './platforms.ts';
import { randomFrom } from './random.ts';
import { NOW, SERVICE } from './records.ts';

export interface ExplainWorld {
  readonly deployment: Deployment;
  readonly github: TestIssuer;
  /** What logs in, and what an administrator says of it. */
  readonly callers: readonly Caller[];
  close(): Promise<void>;
}

interface Caller {
  readonly name: string;
  readonly basic: NonNullable<Sent['basic']>;
  readonly explained: object;
}

type Random = (below: number) => number;

const PATTERNS = ['team-a/app', 'team-a/*', 'team-b/*', 'gone/*', 'rival/*', 'team/*', 'tea/app/web'];
const NAMES = [
  'team-a/app',
  'team-a/app/web',
  'team-b/tool',
  'gone/app',
  'rival/app',
  'team/app',
  'tea/app/web',
];
const ACTIONS = ['pull', 'push', 'pull,push', 'delete', '*', 'pull,delete', ''];
const IDS = { repository_id: '74', repository_owner_id: '65' };

/** Tokens in every state, identities with policies, and workloads with and without trusts. */
export async function openExplainWorld(seed: number): Promise<ExplainWorld> {
  const github = await openGitHub();
  const deployment = await deploy({ issuers: [github.entry] });
  const random = randomFrom(seed);
  const alice = deployment.as(ALICE);
  for (const name of ['team-a', 'team-b', 'gone', 'team', 'tea']) await alice(`PUT /v1/namespaces/${name}`);
  await alice('DELETE /v1/namespaces/gone');
  await deployment.as(BOB)('PUT /v1/namespaces/rival');
  const tokens = await tokenCallers(deployment, random);
  const identities = await identityCallers(deployment, random);
  const workloads = await workloadCallers(deployment, github, random);
  deployment.wait(120);
  const close = async () => {
    await deployment.close();
    await github.server.close();
  };
  return { deployment, github, callers: [...tokens, ...identities, ...workloads], close };
}

const repositoriesFrom = (random: Random) =>
  random(3) === 0 ? null : PATTERNS.filter((_, i) => random(3) === 0 || i === random(PATTERNS.length));

const STATES = ['usable', 'usable', 'disabled', 'removed', 'expired', 'rotated', 'in its grace'] as const;

async function tokenCallers({ as }: Deployment, random: Random): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (let i = 0; i < 42; i++) {
    const state = STATES[i % STATES.length];
    const send = as(ALICE);
    const json = {
      access: random(2) === 0 ? 'pull' : 'push',
      repositories: repositoriesFrom(random),
      expiresInSeconds: state === 'expired' ? 60 : 3600,
      networks: networksFrom(random),
    };
    const made = await send('POST /v1/tokens', {
      json: { ...json, repositories: nonEmpty(json.repositories) },
    });
    const { id } = made.json;
    let value = made.json.token;
    if (state === 'disabled') await send(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    if (state === 'removed') await send(`DELETE /v1/tokens/${id}`);
    if (state === 'rotated' || state === 'in its grace') {
      const graceSeconds = state === 'rotated' ? 0 : 600;
      value = (await send(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds } })).json.token;
    }
    callers.push({ name: `token ${state}`, basic: ['token', value], explained: { token: id } });
  }
  return callers;
}

const ADDRESSES = ['192.0.2.1', '198.51.100.7', '2001:db8::1'];
const NETWORKS = ['192.0.2.0/24', '2001:db8::/32', '203.0.113.0/24'];
const networksFrom = (random: Random) => (random(2) === 0 ? null : NETWORKS.slice(random(NETWORKS.length)));

const nonEmpty = (patterns: string[] | null) => (patterns?.length === 0 ? null : patterns);

async function identityCallers(deployment: Deployment, random: Random): Promise<Caller[]> {
  const callers: Caller[] = [];
  const roles = ['reader', 'writer', 'manager'] as const;
  for (let i = 0; i < 8; i++) {
    const subject = `person-${i}`;
    for (let policies = i % 3; policies > 0; policies--) {
      const json = { subject, role: roles[random(3)], repositories: nonEmpty(repositoriesFrom(random)) };
      await deployment.as(ALICE)('POST /v1/policies', { json });
    }
    const key = await deployment.apiKeyOf(`acme:${subject}`);
    callers.push({ name: `identity ${i}`, basic: ['iamapikey', key], explained: { subject } });
  }
  const key = await deployment.apiKeyOf(ALICE);
  callers.push({ name: 'administrator', basic: ['iamapikey', key], explained: { subject: 'dev:alice' } });
  return callers;
}

const REFS = ['refs/heads/main', 'refs/heads/dev', 'refs/tags/1'];
/** What may be wrong with the token of a workload; the last are those of other accounts and of other people. */
const CLAIMS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['as they are', {}],
  ['of another repository', { repository_id: '75' }],
  ['of a repository as a number', { repository_id: 74 }],
  ['without an owner', { repository_owner_id: undefined }],
  ['without a subject', { sub: undefined }],
  ['of another account', { aud: audienceOf('dev:rival') }],
  ['of two accounts', { aud: [audienceOf('dev:acme'), audienceOf('dev:rival')] }],
  ['without an audience', { aud: undefined }],
  ['of an unknown issuer', { iss: 'https://elsewhere.example' }],
  ['that ended', { iat: NOW - 600, nbf: NOW - 600, exp: NOW - 300 }],
  ['that have not begun', { iat: NOW + 600, nbf: NOW + 600, exp: NOW + 900 }],
  ['that live too long', { exp: NOW + 200_000 }],
  ['without an end', { exp: undefined }],
];

async function workloadCallers(
  deployment: Deployment,
  github: TestIssuer,
  random: Random,
): Promise<Caller[]> {
  for (let i = 0; i < 3; i++) {
    const claims = { ...IDS, ref: REFS[i] };
    const access = i === 0 ? 'push' : 'pull';
    const json = {
      ...{ issuer: 'github', claims, access, networks: networksFrom(random) },
      repositories: nonEmpty(repositoriesFrom(random)),
    };
    expect((await deployment.as(ALICE)('POST /v1/trusts', { json })).status).toBe(201);
  }
  return CLAIMS.flatMap(([name, overrides]) =>
    ['refs/heads/main', 'refs/heads/other'].map(ref => {
      const claims = github.claims({ aud: audienceOf('dev:acme'), ...IDS, ref, ...overrides });
      const value = signToken(github.key, claims);
      // As in the payload: what is undefined is not there.
      const payload = JSON.parse(JSON.stringify(claims));
      return { name: `claims ${name}`, basic: ['oidc', value], explained: { claims: payload } };
    }),
  );
}

const aScope = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...ACTIONS)), { maxLength: 4 })
      .map(list => list.map(([name, actions]) => `repository:${name}:${actions}`).join(' ')),
  },
  nearScope,
);

/** Makes so many logins, and compares each with its explanation. Answers how often each decision was taken. */
export async function compareExplanations(
  { deployment, callers }: ExplainWorld,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Record<string, number>> {
  const decisions: Record<string, number> = {};
  const scopes = fc.sample(aScope, { numRuns: count, seed });
  const random = randomFrom(seed);
  for (const scope of scopes) {
    const caller = callers[random(callers.length)];
    if (caller === undefined || !scope.isWellFormed()) continue;
    const query = `service=${SERVICE.name}&scope=${encodeURIComponent(scope)}`;
    const address = ADDRESSES[random(ADDRESSES.length)] ?? '';
    const { basic } = caller;
    const login = await deployment.send(`GET /oauth/token?${query}`, { basic, sourceIp: address });
    const json = { ...caller.explained, service: SERVICE.name, scope, address };
    const explanation = await deployment.as(ALICE)('POST /v1/explain', { json });
    const about = JSON.stringify({ caller: caller.name, address, scope, explanation: explanation.json });
    const decision = agreedDecision(login, explanation, about);
    decisions[decision] = (decisions[decision] ?? 0) + 1;
  }
  return decisions;
}

function agreedDecision(login: Received, explanation: Received, about: string): string {
  if (login.status === 400) {
    expect(explanation.status, about).toBe(400);
    return 'invalid';
  }
  expect(explanation.status, about).toBe(200);
  const { decision, granted, steps } = explanation.json;
  const isRefused = login.status === 401;
  expect(decision === 'refused', about).toBe(isRefused);
  expect(granted, about).toEqual(isRefused ? [] : claimsOf(login).access);
  const failed = steps.filter(({ result }: { result: string }) => result === 'failed');
  if (decision === 'granted') expect(failed, about).toEqual([]);
  else
    expect(
      steps.some(({ result }: { result: string }) => result !== 'passed'),
      about,
    ).toBe(true);
  return decision;
}
