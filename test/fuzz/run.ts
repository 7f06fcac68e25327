/**
 * `npm run fuzz -- [inputs] [seed]`: drives every parser and verifier on all cores, 10 million inputs unless said otherwise.
 * Ends with 1 when an input escaped; the same seed finds it again.
 */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Driven, drive, sharesOf } from './drive.ts';

/** Of one target at a time, so that no core is left with a long one at the end. */
const PART = 200_000;

interface Part {
  readonly target: string;
  readonly inputs: number;
  readonly seed: number;
}

async function work({ target, inputs, seed }: Part): Promise<void> {
  parentPort?.postMessage(await drive(target, inputs, seed));
}

function runPart(part: Part): Promise<Driven> {
  return new Promise((resolve, reject) => {
    new Worker(new URL(import.meta.url), { workerData: part }).once('message', resolve).once('error', reject);
  });
}

function partsOf(inputs: number, seed: number): Part[] {
  return sharesOf(inputs).flatMap(([target, share]) =>
    Array.from({ length: Math.ceil(share / PART) }, (_, i) => ({
      target,
      inputs: Math.min(PART, share - i * PART),
      seed: seed + i,
    })),
  );
}

async function main(): Promise<void> {
  const [inputs = 10_000_000, seed = randomInt(2 ** 31)] = process.argv.slice(2).map(Number);
  const parts = partsOf(inputs, seed);
  const driven: Driven[] = [];
  const worker = async () => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) driven.push(await runPart(part));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  console.table(
    [...Map.groupBy(driven, ({ target }) => target)].map(([target, all]) => ({
      target,
      inputs: all.reduce((sum, one) => sum + one.inputs, 0),
      accepted: all.reduce((sum, one) => sum + one.accepted, 0),
      escapes: all.flatMap(({ escapes }) => escapes).length,
    })),
  );
  const escapes = driven.flatMap(one => one.escapes);
  for (const { target, input, message } of escapes)
    console.log(`${target}: ${JSON.stringify(input)}: ${message}`);
  const total = driven.reduce((sum, one) => sum + one.inputs, 0);
  console.log(`seed ${seed}: ${total} inputs, ${escapes.length} escapes`);
  process.exitCode = escapes.length === 0 ? 0 : 1;
}

if (isMainThread) await main();
else await work(workerData as Part);
