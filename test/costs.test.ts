/** What docs/aws.md says that logins and pulls cost: what they ask of AWS, counted here, times docs/prices.json. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, type Deployment, deploy, SERVICE } from './support/deployment.ts';
import type { Sent } from './support/events.ts';
import type { StoreRequest } from './support/store-wire.ts';
import { answerManifest, DIGEST, openUpstream, type TestUpstream } from './support/upstream.ts';

const PRICES = JSON.parse(readFileSync('docs/prices.json', 'utf8'));
const GUIDE = readFileSync('docs/aws.md', 'utf8');
const LAYERS = 10;
const FUNCTION_GIGABYTES = 0.5;

/** What one login, or one pull, asks of AWS. */
interface Work {
  readonly requests: number;
  readonly reads: number;
  readonly writes: number;
}

let upstream: TestUpstream;
let deployment: Deployment;
let token: string;
beforeAll(async () => {
  upstream = await openUpstream();
  deployment = await deploy({ services: [{ name: SERVICE.name, upstream: { url: upstream.url } }] });
  const alice = deployment.as(ALICE);
  await alice('PUT /v1/namespaces/team-a');
  ({ token } = (await alice('POST /v1/tokens', { json: {} })).json);
  // The first login of an hour also stores that the token was used.
  await logIn();
});
afterAll(async () => {
  await deployment.close();
  await upstream.close();
});

const logIn = async () => (await deployment.logIn(token, 'repository:team-a/app:pull')).json.token;

/** Items of this size cost one unit: strongly consistent reads up to 4 KB, and writes up to 1 KB. */
async function workOf(act: (send: Deployment['send']) => Promise<void>): Promise<Work> {
  let requests = 0;
  deployment.wire.requests.length = 0;
  await act((line, sent) => {
    requests += 1;
    return deployment.send(line, sent);
  });
  const made = deployment.wire.requests.splice(0);
  const units = (all: readonly StoreRequest[]) =>
    all.reduce(
      (sum, { operation, body }) => sum + (operation === 'BatchGetItem' ? JSON.parse(body)[0].length : 1),
      0,
    );
  const reads = made.filter(({ operation }) => /Get|Query|Scan/.test(operation));
  return { requests, reads: units(reads), writes: units(made.filter(one => !reads.includes(one))) };
}

/** As docker pulls, with redirects to the storage of the upstream. */
async function pull(send: Deployment['send'], more: Sent = {}): Promise<void> {
  upstream.answer = (request, response) => {
    if (request.url?.includes('/blobs/') === true)
      response.writeHead(307, { location: 'https://storage.example/x' }).end();
    else answerManifest(request, response);
  };
  expect((await send('GET /v2/')).status).toBe(401);
  const scope = 'repository:team-a/app:pull';
  const login = await send(`GET /oauth/token?service=${SERVICE.name}&scope=${scope}`, {
    basic: ['token', token],
  });
  const sent = { bearer: login.json.token, ...more };
  expect((await send('HEAD /v2/team-a/app/manifests/1.4', sent)).status).toBe(200);
  expect((await send(`GET /v2/team-a/app/manifests/${DIGEST}`, sent)).status).toBe(200);
  for (let i = 0; i <= LAYERS; i++) {
    const digest = `sha256:${i.toString(16).padStart(64, '0')}`;
    expect((await send(`GET /v2/team-a/app/blobs/${digest}`, sent)).status).toBe(307);
  }
}

/** The rows of a table below a heading: what is counted, how often, and the dollars of a million. */
function rowsOf(heading: string): Map<string, { text: string; dollars: number }> {
  const section = GUIDE.split(`## ${heading}\n`)[1]?.split(/^## /m)[0] ?? '';
  const rows = section.split('\n').filter(line => line.startsWith('| '));
  const cells = rows.map(row => row.split('|').map(cell => cell.trim().replaceAll('*', '')));
  return new Map(
    cells.map(([, name = '', text = '', dollars = '']) => [name, { text, dollars: Number(dollars) }]),
  );
}

/** Every row must be what the counted work costs; the milliseconds and kilobytes are estimates that the text gives. */
function expectCosts(heading: string, { requests, reads, writes }: Work): void {
  const rows = rowsOf(heading);
  const text = (name: string) => rows.get(name)?.text ?? '';
  const [, ms] = /(\d+) ms/.exec(text('Lambda time')) ?? [];
  const [, kilobytes] = /([\d.]+) KB/.exec(text('logs')) ?? [];
  const costs: Readonly<Record<string, number>> = {
    'Lambda requests': requests * PRICES.lambdaRequestsPerMillion,
    'Lambda time': Number(ms) * 1000 * FUNCTION_GIGABYTES * PRICES.lambdaArmGigabyteSecond,
    'DynamoDB reads': reads * PRICES.dynamoReadUnitsPerMillion,
    'DynamoDB writes': writes * PRICES.dynamoWriteUnitsPerMillion,
    'HTTP API': requests * PRICES.httpApiRequestsPerMillion,
    logs: Number(kilobytes) * PRICES.logsIngestedPerGigabyte,
  };
  const expected = Object.entries(costs).filter(([, cost]) => cost > 0);
  for (const [name, cost] of expected)
    expect([name, rows.get(name)?.dollars]).toEqual([name, Number(cost.toFixed(2))]);
  const all = expected.filter(([name]) => name !== 'logs').reduce((sum, [, cost]) => sum + cost, 0);
  expect(rows.get('by HTTP API')?.dollars).toBeCloseTo(all, 1);
  expect(text('DynamoDB reads')).toMatch(new RegExp(`^${reads} units`));
  if (writes > 0) expect(text('DynamoDB writes')).toMatch(new RegExp(`^${writes} unit`));
}

describe('docs/aws.md', () => {
  it('says what a million logins cost', async () => {
    const work = await workOf(async send => {
      const login = await send(`GET /oauth/token?service=${SERVICE.name}&scope=repository:team-a/app:pull`, {
        basic: ['token', token],
      });
      expect(login.status).toBe(200);
    });
    expect(work).toEqual({ requests: 1, reads: 2, writes: 0 });
    expectCosts('What a million logins cost', work);
  });

  it('says what a million pulls of ten layers cost: each request reads the token and the namespace, and one write counts', async () => {
    const work = await workOf(pull);
    expect(work).toEqual({ requests: LAYERS + 5, reads: 2 * (LAYERS + 4), writes: 1 });
    expectCosts('What a million pulls cost', work);
  });

  it('says what a limit of pulls adds: one write', async () => {
    const limited = { json: { limits: { pullsPerDay: 100 } } };
    ({ token } = (await deployment.as(ALICE)('POST /v1/tokens', limited)).json);
    await logIn();
    expect((await workOf(pull)).writes).toBe(2);
    expect(GUIDE).toContain('A token with `pullsPerDay` costs one write more');
  });
});
