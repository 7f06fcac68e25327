/** Issuers that fail in every way: no caller is let in because of it, and callers of other issuers do not notice. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IAM_LIMITS } from '../../local/limits.ts';
import type { LoopbackIam } from '../iam/loopback-iam.ts';
import { FARM, LoopbackSts, proofOf } from '../iam/loopback-sts.ts';
import { inBatches } from '../support/batches.ts';
import { grantOf } from '../support/claims.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import type { Received, Sent } from '../support/events.ts';
import { audienceOf, openGitHub, openIam, type TestIssuer } from '../support/platforms.ts';

const FAULTS = ['refused', 'reset', 'hang', 'drip', 'garbage', 'redirect', '429', '500'] as const;
type Fault = (typeof FAULTS)[number];
/** Longer than any cache, breaker or cool-down lasts. */
const LONG = 7200;
/** An issuer that does not answer is given up after 350 ms, so that the faults take no longer. */
const LIMITS = {
  ...IAM_LIMITS,
  exchangeMs: 350,
  fetchMs: 350,
};
const GOOD_KEY = 'api-key-of-alice-0123456789';
const SCOPE = 'repository:of-acme/app:pull';

let deployment: Deployment;
let iam: TestIssuer;
let github: TestIssuer;
let sts: LoopbackSts;
let registryToken: string;

const now = () => Math.floor(Date.now() / 1000);
const fresh = () => ({ iat: now(), nbf: now(), exp: now() + 3600 });

beforeAll(async () => {
  sts = await new LoopbackSts().open();
  github = await openGitHub();
  iam = await openIam('faulty');
  const tokenUrl = `${iam.server.url}/token`;
  iam.server.exchange = async apiKey => (apiKey === GOOD_KEY ? iam.token(fresh()) : undefined);
  deployment = await deploy({
    iamEntry: { tokenUrl: null },
    issuers: [{ ...iam.entry, tokenUrl }, github.entry, { key: 'aws', kind: 'aws', endpoint: sts.url }],
    environment: { PULLPASS_ADMINISTRATORS: 'faulty:acme:alice' },
    iamLimits: LIMITS,
  });
  const basic = ['iamapikey', GOOD_KEY] as const;
  await deployment.send('PUT /v1/namespaces/of-acme', { basic });
  const json = { nonExpiring: true };
  registryToken = (await deployment.send('POST /v1/tokens', { basic, json })).json.token;
  const claims = { repository_id: '74', repository_owner_id: '65' };
  await deployment.send('POST /v1/trusts', { basic, json: { issuer: 'github', claims } });
});
afterAll(async () => {
  await deployment.close();
  for (const { server } of [iam, github]) await server.close();
  await sts.close();
});
beforeEach(() => deployment.wait(LONG));

type Ask = () => Promise<Received>;
const logIn = (basic: readonly [string, string]) =>
  deployment.send(`GET /oauth/token?scope=${SCOPE}`, { basic });
const manage = (sent: Sent) => deployment.send('GET /v1/tokens', sent);

/** What a good caller asks, whose issuer has to be asked first. */
const CALLERS: Record<string, Ask> = {
  'login by API key': () => logIn(['iamapikey', GOOD_KEY]),
  'management by API key': () => manage({ basic: ['iamapikey', GOOD_KEY] }),
  'login by access token': () => logIn(['iambearer', iam.token(fresh())]),
  'management by access token': () => manage({ bearer: iam.token(fresh()) }),
  'login of a workload': () => logIn(['oidc', github.token({ aud: audienceOf('faulty:acme'), ...fresh() })]),
  'login of an AWS caller': async () => logIn(['awsiam', await proofOf(FARM, { signedAtMs: Date.now() })]),
};

interface Endpoint {
  readonly setFault: (fault: Fault | undefined) => Promise<void>;
  /** Whom its faults concern. */
  readonly callers: readonly (keyof typeof CALLERS)[];
}

const routeOf = (server: () => LoopbackIam, route: 'keys' | 'token') => (fault: Fault | undefined) =>
  server().setFault(route, fault);
const ENDPOINTS: Record<string, Endpoint> = {
  'token endpoint of an IAM': {
    setFault: routeOf(() => iam.server, 'token'),
    callers: ['login by API key', 'management by API key'],
  },
  'keys of an IAM': {
    setFault: routeOf(() => iam.server, 'keys'),
    callers: [
      'login by API key',
      'management by API key',
      'login by access token',
      'management by access token',
    ],
  },
  'keys of a build platform': {
    setFault: routeOf(() => github.server, 'keys'),
    callers: ['login of a workload'],
  },
  'STS of AWS': { setFault: fault => sts.setFault(fault), callers: ['login of an AWS caller'] },
};

describe.each(Object.entries(ENDPOINTS))('%s', (_, { setFault, callers }) => {
  const concerned = Object.entries(CALLERS).filter(([name]) => callers.includes(name));

  it.each(FAULTS)(
    'that fails by %s is 503 for its own callers, 200 for others, and for its own again once it answers',
    async fault => {
      await setFault(fault);
      const answers = await Promise.all(concerned.map(([, ask]) => ask()));
      const unconcerned = await logIn(['token', registryToken]);
      await setFault(undefined);
      for (const answer of answers) {
        expect([answer.status, Number(answer.headers['retry-after'])]).toEqual([503, expect.any(Number)]);
        expect(answer.text).not.toContain('UPSTREAM');
      }
      expect([unconcerned.status, grantOf(unconcerned)]).toEqual([200, [SCOPE]]);
      deployment.wait(11);
      for (const [name, ask] of concerned) expect([name, (await ask()).status]).toEqual([name, 200]);
    },
  );
});

describe('an issuer whose keys were fetched', () => {
  it('may be down for an hour', async () => {
    const ask = () => logIn(['iambearer', iam.token(fresh())]);
    expect((await ask()).status).toBe(200);
    await iam.server.setFault('keys', 'reset');
    const statuses = [];
    for (const seconds of [1, 300, 3000, 298, 2]) {
      deployment.wait(seconds);
      statuses.push((await ask()).status);
    }
    await iam.server.setFault('keys', undefined);
    expect(statuses).toEqual([200, 200, 200, 200, 503]);
    deployment.wait(10);
    expect((await ask()).status).toBe(200);
  });

  it('is asked once in ten seconds, however many tokens name keys that it has not', async () => {
    const before = iam.server.requests.keys;
    const unknown = () =>
      logIn(['iambearer', iam.token(fresh()).replace(/^[^.]+/, header(randomBytes(8).toString('hex')))]);
    for (let tens = 0; tens < 3; tens++) {
      const answers = await Promise.all(Array.from({ length: 40 }, unknown));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      deployment.wait(10);
    }
    expect(iam.server.requests.keys - before).toBe(3);
    expect((await logIn(['iambearer', iam.token(fresh())])).status).toBe(200);
  });
});

function header(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'ES256', kid })).toString('base64url');
}

describe('registry tokens', () => {
  it('lose nothing while the IAM does not answer and all callers ask it', async () => {
    await iam.server.setFault('token', 'hang');
    let waiting = 0;
    const dead = Array.from({ length: 60 }, async (_, i) => {
      waiting++;
      const answer = await logIn(['iamapikey', `api-key-number-${i}-0123456789`]);
      waiting--;
      return answer.status;
    });
    const alive = await Promise.all(Array.from({ length: 200 }, () => logIn(['token', registryToken])));
    expect(waiting).toBeGreaterThan(0);
    expect(new Set(alive.map(answer => grantOf(answer).join()))).toEqual(new Set([SCOPE]));
    expect(new Set(await Promise.all(dead))).toEqual(new Set([503]));
    await iam.server.setFault('token', undefined);
  });
});

describe('a thousand junk API keys', () => {
  it('leave the breaker closed, and other callers unhurt', async () => {
    const before = iam.server.requests.token;
    expect((await logIn(['iamapikey', GOOD_KEY])).status).toBe(200);
    const good: number[] = [];
    const junk: number[] = [];
    await inBatches(Array.from({ length: 1000 }), async () => {
      const apiKey = randomBytes(20).toString('hex');
      junk.push((await logIn(['iamapikey', apiKey])).status);
      if (junk.length % 50 > 0) return;
      good.push((await logIn(['iamapikey', GOOD_KEY])).status);
      good.push((await logIn(['token', registryToken])).status);
      good.push((await logIn(['iambearer', iam.token(fresh())])).status);
    });
    expect(new Set(junk)).toEqual(new Set([401]));
    expect(good).toHaveLength(60);
    expect(new Set(good)).toEqual(new Set([200]));
    expect(iam.server.requests.token - before).toBe(1001);
    // A key that has to be asked about again is asked about at once: the breaker is closed.
    deployment.wait(60);
    expect((await logIn(['iamapikey', GOOD_KEY])).status).toBe(200);
  });

  it('of which each is asked about once in ten seconds', async () => {
    const before = iam.server.requests.token;
    const junk = () => logIn(['iamapikey', 'the-same-junk-again-and-again']);
    for (let i = 0; i < 20; i++) expect((await junk()).status).toBe(401);
    expect(iam.server.requests.token - before).toBe(1);
    deployment.wait(10);
    expect((await junk()).status).toBe(401);
    expect(iam.server.requests.token - before).toBe(2);
  });

  it.each(['short', 'x'.repeat(257), 'with space in it', 'ümlaut-in-the-key', `plp_${'0'.repeat(87)}`])(
    'never reach the issuer when they cannot be one: %s',
    async apiKey => {
      const before = iam.server.requests.token;
      expect((await logIn(['iamapikey', apiKey])).status).toBe(401);
      expect(iam.server.requests.token).toBe(before);
    },
  );
});
