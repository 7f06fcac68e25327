/** What docs/aws.md says that logins and pulls cost: what they ask of AWS, counted here, times docs/prices.json. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alarmResources } from '../infra/alarms.ts';
import { COUNTS, OBSERVATIONS } from '../lib/ports/system.ts';
import { ALICE, type Deployment, deploy } from './support/deployment.ts';
import type { Sent } from './support/events.ts';
import { SERVICE } from './support/records.ts';
import type { StoreRequest } from './support/store-wire.ts';
import { answerManifest, DIGEST, openUpstream, type TestUpstream } from './support/upstream.ts';

const PRICES = JSON.parse(readFileSync('docs/prices.json', 'utf8'));
const GUIDE = readFileSync('docs/aws.md', 'utf8');
const LAYERS = 10;
/** Those of every stage, and its defaults. */
const CONCURRENCY = { loginConcurrency: 400, accountConcurrency: 1000 };
const FUNCTIONS = [
  'login',
  'management',
  'credentials',
  'discovery',
  'fallback',
  'cleanup',
  'keys',
  'restore',
];
const FUNCTION_GIGABYTES = 0.5;
/** What one strongly consistent unit reads, as the cleanup's scan does. */
const READ_UNIT_BYTES = 4096;
/** What CloudWatch Logs counts for each line beside its bytes. */
const LINE_BYTES = 26;

/** What one login, or one pull, asks of AWS. */
interface Work {
  readonly requests: number;
  readonly reads: number;
  readonly writes: number;
  readonly logBytes: number;
}

let upstream: TestUpstream;
let deployment: Deployment;
let token: string;
beforeAll(async () => {
  upstream = await openUpstream();
  const services = [{ name: SERVICE.name, upstream: { url: upstream.url } }];
  deployment = await deploy({ services, environment: { PULLPASS_STAGE: 'prod' } });
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
  const before = deployment.logs.length;
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
  // Lambda itself writes nothing of an invocation that succeeds: serverless.yml, `systemLogLevel`.
  const logBytes = deployment.logs
    .slice(before)
    .reduce((sum, line) => sum + Buffer.byteLength(line) + LINE_BYTES, 0);
  return {
    requests,
    reads: units(reads),
    writes: units(made.filter(one => !reads.includes(one))),
    logBytes,
  };
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

/** Every row must be what the counted work costs; the milliseconds are an estimate that the text gives. */
function expectCosts(heading: string, { requests, reads, writes, logBytes }: Work): void {
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
  expect(Number(kilobytes)).toBeCloseTo(logBytes / 1000, 1);
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
    expect(work).toMatchObject({ requests: 1, reads: 2, writes: 0 });
    expectCosts('What a million logins cost', work);
  });

  it('says what a million pulls of ten layers cost: each request reads the token and the namespace, and one write counts', async () => {
    const work = await workOf(pull);
    expect(work).toMatchObject({ requests: LAYERS + 5, reads: 2 * (LAYERS + 4), writes: 1 });
    expectCosts('What a million pulls cost', work);
  });

  it('says what a limit of pulls adds: one write', async () => {
    const limited = { json: { limits: { pullsPerDay: 100 } } };
    ({ token } = (await deployment.as(ALICE)('POST /v1/tokens', limited)).json);
    await logIn();
    expect((await workOf(pull)).writes).toBe(2);
    expect(GUIDE).toContain('A token with `pullsPerDay` costs one write more');
  });

  it('says what the daily pass of the cleanup reads, and what deletes would cost that time to live makes for nothing', () => {
    const [, items, itemBytes] = /dollars a month for a (million) items of (\d+) bytes/.exec(GUIDE) ?? [];
    expect(items).toBe('million');
    const units = (1_000_000 * Number(itemBytes)) / READ_UNIT_BYTES;
    const monthly = 30 * (units / 1_000_000) * PRICES.dynamoReadUnitsPerMillion;
    expect(GUIDE).toContain(`once a day: ${monthly.toFixed(2)} dollars a month`);
    expect(GUIDE).toContain(
      `our deletes a million would be ${PRICES.dynamoWriteUnitsPerMillion.toFixed(2)} dollars`,
    );
  });

  it('says what a stage costs at rest', () => {
    const rows = rowsOf('What a stage costs at rest');
    const alarms = Object.values(alarmResources(FUNCTIONS, 'prod', CONCURRENCY)).filter(
      ({ Type }) => Type === 'AWS::CloudWatch::Alarm',
    ).length;
    const metrics = [...COUNTS, ...Object.keys(OBSERVATIONS)].filter(
      name => !/^(?:Pulls|Upstream|Positive|Negative)/.test(name),
    ).length;
    const expected = new Map([
      ['KMS key', [1, PRICES.kmsKeyPerMonth]],
      ['secrets', [4, PRICES.secretPerMonth]],
      ['alarms', [alarms, PRICES.alarmPerMonth]],
      ['metrics', [metrics, PRICES.metricPerMonth]],
      ['dashboard', [1, PRICES.dashboardPerMonth]],
    ] as const);
    for (const [name, [count, price]] of expected) {
      const row = rows.get(name);
      expect([name, Number.parseInt(row?.text ?? '', 10), row?.dollars]).toEqual([
        name,
        count,
        Number((count * price).toFixed(2)),
      ]);
    }
    const all = [...expected.values()].reduce((sum, [count, price]) => sum + count * price, 0);
    expect(rows.get('all')?.dollars).toBeCloseTo(all, 2);
  });
});
