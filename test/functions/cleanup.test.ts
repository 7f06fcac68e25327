/** The cleanup function over the table that the others write. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { LoopbackServer } from '../iam/loopback-server.ts';
import { ALICE, BOB, type Deployment, deploy } from '../support/deployment.ts';
import { linesOf } from '../support/logs.ts';
import { figuresIn } from '../support/metrics.ts';

/** Takes every event. */
class EventBus extends LoopbackServer {
  readonly details: Record<string, unknown>[] = [];

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { Entries } = JSON.parse(await text(request)) as { Entries: { Detail: string }[] };
    this.details.push(...Entries.map(({ Detail }) => JSON.parse(Detail) as Record<string, unknown>));
    response.end(JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: 'x' })) }));
  }
}

let deployment: Deployment;
afterEach(() => deployment.close());

it('removes ended tokens after an hour, says how many, and leaves the others', async () => {
  deployment = await deploy();
  const alice = deployment.as(ALICE);
  for (let i = 0; i < 3; i++) await alice('POST /v1/tokens', { json: { expiresInSeconds: 60 } });
  const { token } = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const handler = createCleanup(deployment.world);
  const run = () => handler(undefined, { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 });
  deployment.wait(60 + 3599);
  const logged = deployment.logs.length;
  expect(await run()).toMatchObject({ removed: 0, finished: true });
  // A run that removes nothing says nothing: npm start has one every ten minutes.
  expect(deployment.logs).toHaveLength(logged);
  deployment.wait(2);
  expect(await run()).toMatchObject({ removed: 3, kept: 0, finished: true });
  expect(JSON.parse(deployment.logs.at(-1) ?? '')).toMatchObject({ message: 'cleaned-up', removed: 3 });
  expect((await deployment.logIn(token)).status).toBe(200);
});

it('fails loudly when the store does not answer, so that an alarm can ring', async () => {
  deployment = await deploy();
  const handler = createCleanup(deployment.world);
  deployment.wire.cut = () => true;
  await expect(
    handler(undefined, { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 }),
  ).rejects.toThrow();
});

it('hands the hygiene report to the event bus, the log and the figures, once a day', async () => {
  const bus = await new EventBus().open();
  deployment = await deploy({
    environment: {
      PULLPASS_STAGE: 'test',
      PULLPASS_UNUSED_DAYS: '2',
      PULLPASS_EVENT_BUS: 'ops',
      AWS_ENDPOINT_URL_EVENTBRIDGE: bus.url,
    },
  });
  const [alice, bob] = [deployment.as(ALICE), deployment.as(BOB)];
  const unused = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const used = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const expiring = (await bob('POST /v1/tokens', { json: { expiresInSeconds: 2.5 * DAY_SECONDS } })).json;
  await bob('PUT /v1/namespaces/team-b');
  await bob('DELETE /v1/namespaces/team-b');
  deployment.wait(2 * DAY_SECONDS);
  await deployment.logIn(used.token);
  await bob('POST /v1/tokens', { json: { expiresInSeconds: DAY_SECONDS } });
  const handler = createCleanup(deployment.world);
  const run = () => handler({}, { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 });
  await run();
  await run();
  const none = { count: 0, examples: [] };
  const reports = [
    {
      reportedAt: '2026-11-23T07:00:00Z',
      account: 'dev:acme',
      releasedNamespaces: none,
      unusedTokens: { count: 1, examples: [unused.id] },
      expiringTokens: none,
    },
    {
      reportedAt: '2026-11-23T07:00:00Z',
      account: 'dev:rival',
      releasedNamespaces: { count: 1, examples: ['team-b'] },
      unusedTokens: none,
      expiringTokens: { count: 1, examples: [expiring.id] },
    },
  ];
  const byAccount = (a: { account?: unknown }, b: { account?: unknown }) =>
    String(a.account) < String(b.account) ? -1 : 1;
  expect(bus.details.sort(byAccount)).toEqual(reports);
  const logged = linesOf(deployment).filter(({ message }) => message === 'hygiene');
  expect(logged.sort(byAccount)).toMatchObject(reports);
  const figures = figuresIn(deployment.logs).filter(({ members }) => members.requestId === 'run-1');
  const counts = { ReleasedNamespaces: 1, UnusedTokens: 1, ExpiringTokens: 1 };
  expect(figures.map(({ members }) => members)).toMatchObject([
    { CleanupFinished: 1, ...counts },
    { CleanupFinished: 1 },
  ]);
  expect(figures[1]?.members).not.toHaveProperty('UnusedTokens');
  await bus.close();
});

it('goes on where a pass has stopped, when asked to, and begins none', async () => {
  deployment = await deploy();
  const handler = createCleanup(deployment.world);
  const context = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 };
  expect(await handler({ continue: true }, context)).toMatchObject({ pages: 0 });
  expect(await handler({}, context)).toMatchObject({ pages: 1 });
});
