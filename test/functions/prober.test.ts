/** The prober as its schedule invokes it, against a deployment that it reaches over HTTP as the role that it has. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProber, type ProbeCounts } from '../../lib/compose/prober.ts';
import { type Served, serve } from '../cli/support/served.ts';
import { ACCOUNT, FARM, LoopbackSts } from '../iam/loopback-sts.ts';
import { BOB } from '../support/deployment.ts';
import { linesOf } from '../support/logs.ts';
import { figuresIn } from '../support/metrics.ts';

const ROLE = `aws:aws:${ACCOUNT}:arn:aws:iam::${ACCOUNT}:role/builder`;
const RUN = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 };
const SCHEDULED = { source: 'aws.events', 'detail-type': 'Scheduled Event' };

let sts: LoopbackSts;
let served: Served;
beforeEach(async () => {
  sts = await new LoopbackSts().open();
  await open({});
});
afterEach(async () => {
  await served.close();
  await sts.close();
});

async function open(environment: Record<string, string>): Promise<void> {
  served = await serve({
    issuers: [{ key: 'aws', kind: 'aws', endpoint: sts.url }],
    environment: { PULLPASS_PROBER: ROLE, ...environment },
  });
}

/** The function with what the template gives it, in a process that has just started. */
function prober(
  changes: Readonly<Record<string, string | undefined>> = {},
  limits?: { requestMs: number; reserveMs: number },
) {
  const world = served.deployment.worldWith({
    PULLPASS_STAGE: 'test',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: FARM.accessKeyId,
    AWS_SECRET_ACCESS_KEY: FARM.secretAccessKey,
    AWS_SESSION_TOKEN: FARM.sessionToken,
    ...changes,
  });
  return createProber(world, limits);
}

async function counts(run: Promise<unknown>): Promise<ProbeCounts> {
  return (await run) as ProbeCounts;
}

const failuresIn = () =>
  linesOf(served.deployment)
    .filter(({ message }) => message === 'probe-failed')
    .map(({ check }) => check);

describe('a run of the prober', () => {
  it('passes every check but the one that needs a run before, and that one the next time', async () => {
    const probe = prober();
    expect(await counts(probe(SCHEDULED, RUN))).toMatchObject({ failed: 0, unclear: 0, skipped: 2 });
    served.deployment.wait(300);
    expect(await counts(probe(SCHEDULED, RUN))).toMatchObject({ failed: 0, unclear: 0, skipped: 1 });
    expect(failuresIn()).toEqual([]);
  });

  it('writes both figures also when nothing fails, so that silence can be told from success', async () => {
    await prober()(SCHEDULED, RUN);
    const figures = figuresIn(served.deployment.logs).filter(
      ({ members }) => 'PositiveProbesFailed' in members,
    );
    expect(figures.map(({ members }) => members)).toEqual([
      expect.objectContaining({
        Stage: 'test',
        requestId: 'run-1',
        PositiveProbesFailed: 0,
        NegativeProbesFailed: 0,
      }),
    ]);
  });

  it('registers the namespace also where registration is not open, and no other', async () => {
    await served.close();
    await open({ PULLPASS_NAMESPACES: 'dev:acme=team-*' });
    expect(await counts(prober()(SCHEDULED, RUN))).toMatchObject({ failed: 0, unclear: 0 });
    expect(await counts(prober({ PULLPASS_PROBE_NAMESPACE: 'team-a' })(SCHEDULED, RUN))).not.toMatchObject({
      failed: 0,
    });
    expect(failuresIn()[0]).toBe('namespace');
  });

  it('fails when another account has its namespace', async () => {
    await served.deployment.as(BOB)('PUT /v1/namespaces/pullpass-probe');
    expect((await counts(prober()(SCHEDULED, RUN))).failed).toBeGreaterThan(0);
    const [first] = linesOf(served.deployment).filter(({ message }) => message === 'probe-failed');
    expect(first).toMatchObject({
      level: 'ERROR',
      requestId: 'run-1',
      check: 'namespace',
      kind: 'positive',
      outcome: 'failed',
      reason: expect.stringContaining('409 namespace-taken'),
    });
  });

  it('of a role that administers nothing fails, and makes nothing', async () => {
    await served.close();
    await open({ PULLPASS_PROBER: `aws:aws:${ACCOUNT}:arn:aws:iam::${ACCOUNT}:role/other` });
    expect((await counts(prober()(SCHEDULED, RUN))).failed).toBe(1);
    expect(failuresIn()).toEqual(['administrator']);
    expect(linesOf(served.deployment).some(({ message }) => message === 'act')).toBe(false);
  });

  it('without time left tries nothing more, and removes its token all the same', async () => {
    let left = 60_000;
    const run = { ...RUN, getRemainingTimeInMillis: () => left };
    const probe = prober({}, { requestMs: 5_000, reserveMs: 10_000 });
    const running = probe(SCHEDULED, run);
    while (!linesOf(served.deployment).some(({ act }) => act === 'add-token'))
      await new Promise(setImmediate);
    left = 9_000;
    const result = await counts(running);
    expect(result.failed).toBeGreaterThan(0);
    expect(linesOf(served.deployment).at(-1)).toMatchObject({ message: 'probed' });
    const acts = linesOf(served.deployment).flatMap(({ act }) => act ?? []);
    expect(acts).toContain('remove-token');
  });

  it('gives up a request that is not answered, and says so', async () => {
    await sts.setFault('hang');
    const result = await counts(prober({}, { requestMs: 50, reserveMs: 0 })(SCHEDULED, RUN));
    expect(result.failed).toBeGreaterThan(0);
    expect(failuresIn()).toContain('administrator');
  });

  it('answers the question of a deployment whether it works, without a run', async () => {
    expect(await prober()({ health: true }, RUN)).toEqual({ status: 'ok' });
    expect(linesOf(served.deployment)).toEqual([]);
  });

  it('refuses an event that is no run', async () => {
    const warmUp = await prober()({ warmup: true }, RUN);
    expect(warmUp).toMatchObject({ statusCode: 400 });
  });

  it('uses no assertion twice within a second', async () => {
    await prober()(SCHEDULED, RUN);
    const urls = sts.requests.map(({ url }) => url);
    expect(urls.length).toBeGreaterThan(5);
    // The stale one is refused before it is sent; one is used twice on purpose, and remembered.
    expect(new Set(urls).size).toBe(urls.length);
  });
});

describe('a prober that cannot work', () => {
  it.each([
    ['PULLPASS_PROBE_NAMESPACE', 'Not-A-Namespace', /PULLPASS_PROBE_NAMESPACE must be a namespace/],
    ['AWS_REGION', 'moon-north-1', /AWS_REGION is moon-north-1, which has no known STS/],
    ['AWS_ACCESS_KEY_ID', undefined, /AWS_ACCESS_KEY_ID is missing/],
  ])('does not start: %s is %s', (name, value, message) => {
    expect(() => prober({ [name]: value })).toThrow(message);
  });

  it('is an administrator of an issuer that is not configured, which no function starts with', async () => {
    await expect(serve({ environment: { PULLPASS_PROBER: ROLE } })).rejects.toThrow(
      /PULLPASS_PROBER holds aws:aws:123456789012, but PULLPASS_ISSUERS has no such issuer/,
    );
  });
});
