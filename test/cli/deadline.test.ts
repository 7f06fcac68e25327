/** Deadlines count the time in which an answer is waited for, and not the time in which the processor is busy. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boundedFetch } from '../../cli/http.ts';
import { within } from '../../cli/io.ts';
import { Network } from '../../cli/network.ts';
import { Stub } from './support/stub.ts';

let stub: Stub;
beforeEach(async () => {
  stub = await Stub.open({ 'GET /': () => ({ json: { here: true } }) });
});
afterEach(() => stub.close());

/** Nothing else runs in this process meanwhile: as on a machine whose processors have other work. */
function occupy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

const LIMIT_MS = 100;

describe('an answer', () => {
  it('is taken although the processor was busy for longer than the deadline', async () => {
    stub.replies['GET /'] = () => {
      occupy(LIMIT_MS * 3);
      return { json: { here: true } };
    };
    const response = boundedFetch(stub.url, {
      method: 'GET',
      headers: {},
      timeoutMs: LIMIT_MS,
      network: new Network({}),
    });
    occupy(LIMIT_MS * 3);
    expect((await within(LIMIT_MS, response)).text).toBe('{"here":true}');
  });

  it('that does not come is given up', async () => {
    stub.replies['GET /'] = () => new Promise(() => undefined);
    await expect(
      boundedFetch(stub.url, { method: 'GET', headers: {}, timeoutMs: LIMIT_MS, network: new Network({}) }),
    ).rejects.toThrow('no answer within 0.1 s');
    await expect(within(LIMIT_MS, new Promise(() => undefined))).rejects.toThrow('longer than 0.1 s');
  });
});
