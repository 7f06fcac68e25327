/** Acts on an engine over the real transports, behind a proxy that applies a request and drops its answer: each of them once. */
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ACTS, BEGINNING, openScene, stateOf } from '../support/lost-answers.ts';
import { openEngineTables } from '../support/tables.ts';

/** Loses the answer of the request with this number, once it has been applied. */
let lost: number | undefined;
let seen = 0;
let endpoint = '';
let close: () => Promise<void> = async () => undefined;
const engine = inject('engine') ?? expect.fail('no engine');

beforeAll(async () => {
  const server = createServer((request, response) => void forward(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
});
afterAll(() => close());

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const isLost = seen++ === lost;
  const { method, headers } = request;
  const onward = send(engine.endpoint, { method, headers, agent: false }, async answer => {
    const body = await buffer(answer);
    if (isLost) response.destroy();
    else response.writeHead(answer.statusCode ?? 500, answer.headers).end(body);
  });
  onward.on('error', () => response.destroy()).end(await buffer(request));
}

it.each(Object.keys(ACTS))('%s is done once when any one answer is lost', async name => {
  const act = ACTS[name] ?? expect.fail();
  const isRelease = name === 'releasing a namespace';
  for (let call = 0, calls = 1; call < calls; call++) {
    const [main, ledger] = [
      await openEngineTables(engine, endpoint),
      await openEngineTables(engine, endpoint),
    ];
    lost = undefined;
    const scene = await openScene(main.sdk, ledger.lean);
    if (isRelease) await ACTS['registering a namespace']?.run(scene);
    [seen, lost] = [0, call];
    await act.run(scene);
    // The one that was lost was sent twice.
    calls = seen - 1;
    lost = undefined;
    const before = isRelease ? { ...BEGINNING, namespace: 'held' as const } : BEGINNING;
    expect([call, await stateOf(scene)]).toEqual([call, act.model(before)]);
  }
});
