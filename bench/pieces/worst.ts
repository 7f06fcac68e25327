/** P10: what the worst requests of callers without a good secret cost, beside a refused login. */
import { load } from '../support/load.ts';
import { cpuMs } from '../support/proc.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';
import { openVictim } from '../support/victim.ts';
import { REFUSED_LOGIN } from '../support/worst-inputs.ts';

const ROUNDS = 3;
/** A refusal waits 50 ms for its record: with few at a time, a round would be of a handful. */
const CONNECTIONS = 64;
const WARM_UP_MS = 200;
const ROUND_MS = 200;
/** Failures of an address in a minute: as from many addresses, nothing is refused before it is looked at. */
const NO_LIMIT = 1_000_000;
/** Anything but a failure of the server: the load would be another one. */
const ANSWERED = /^HTTP\/1\.1 (?:200|4\d\d) /;

export async function* worst(): AsyncGenerator<Row> {
  const refused = [REFUSED_LOGIN.request];
  const limiting = await openVictim();
  for (const requests of [limiting.goodLogins, refused]) await cost(limiting.local, requests, 5 * WARM_UP_MS);
  // The address has failed too often by now: each refusal is the limiter's.
  const limited = await ratioOf(limiting.local, refused, { to: limiting.goodLogins, rounds: 5 * ROUNDS });
  yield row('P10', 'npm start: a refusal that the limiter makes, to a login', {
    value: limited,
    atMost: 0.3,
  });
  await limiting.close();
  const { local, inputs, close } = await openVictim(NO_LIMIT);
  await cost(local, refused, 5 * WARM_UP_MS);
  for (const { name, request } of inputs) {
    await cost(local, [request], WARM_UP_MS);
    const value = await ratioOf(local, [request], { to: refused, rounds: ROUNDS });
    yield row('P10', `to a refused login: ${name}`, { value, atMost: 2 });
  }
  await close();
}

interface Comparison {
  readonly to: readonly string[];
  readonly rounds: number;
}

/** Beside each other: other work on the machine makes both dearer. */
async function ratioOf(local: Measured, requests: readonly string[], { to, rounds }: Comparison) {
  const ratios: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const reference = await cost(local, to, ROUND_MS);
    ratios.push((await cost(local, requests, ROUND_MS)) / reference);
  }
  return median(ratios);
}

type Measured = Readonly<Record<'pid' | 'port', number>>;

/** CPU of the process for one of the requests, in milliseconds. */
async function cost({ pid, port }: Measured, requests: readonly string[], forMs: number): Promise<number> {
  const before = cpuMs(pid);
  const { operations } = await load({ port, requests, forMs, connections: CONNECTIONS, expected: ANSWERED });
  return (cpuMs(pid) - before) / operations;
}
