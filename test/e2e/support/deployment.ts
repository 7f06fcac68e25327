/** A deployment for one test, removed after it. */
import { onTestFinished } from 'vitest';
import { Pullpass } from './pullpass.ts';

/** Not started yet. */
export async function newDeployment(settings: Record<`PULLPASS_${string}`, string> = {}): Promise<Pullpass> {
  const pullpass = await Pullpass.create(settings);
  onTestFinished(() => pullpass.destroy());
  return pullpass;
}

/** Carries out the work `count` times, `width` at a time, and answers what came out, in order. */
export async function times<T>(
  count: number,
  width: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
