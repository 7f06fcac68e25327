/** P10: what the worst requests of callers without a good secret cost, beside a refused login. */
import { load } from '../support/load.ts';
import { cpuMs } from '../support/proc.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';
import { openVictim } from '../support/victim.ts';
import { REFUSED_LOGIN } from '../support/worst-inputs.ts';

const ROUNDS = 3;
const WARM_UP_MS = 250;
const ROUND_MS = 250;
/** Anything but a failure of the server: the load would be another one. */
const ANSWERED = /^HTTP\/1\.1 (?:200|4\d\d) /;

export async function worst(): Promise<Row[]> {
  const { local, inputs, close } = await openVictim();
  const ratios = new Map(inputs.map(input => [input, [] as number[]]));
  const references: number[] = [];
  for (const { request } of [REFUSED_LOGIN, ...inputs]) await cost(local, request, WARM_UP_MS);
  for (let i = 0; i < ROUNDS; i++) {
    for (const [{ request }, measured] of ratios) {
      // Beside each other: other work on the machine makes both dearer.
      const reference = await cost(local, REFUSED_LOGIN.request, ROUND_MS);
      references.push(reference);
      measured.push((await cost(local, request, ROUND_MS)) / reference);
    }
  }
  await close();
  return [
    row('', 'CPU of a refused login', { value: median(references), unit: 'ms', digits: 3 }),
    ...[...ratios].map(([{ name }, measured]) => row('P10', name, { value: median(measured), atMost: 2 })),
  ];
}

/** CPU of the process for one such request, in milliseconds. */
async function cost(
  { pid, port }: { readonly pid: number; readonly port: number },
  request: string,
  forMs: number,
): Promise<number> {
  const before = cpuMs(pid);
  const { operations } = await load({ port, requests: [request], forMs, expected: ANSWERED });
  return (cpuMs(pid) - before) / operations;
}
