/** Counts the calls that an act makes of its ports, and stops it at any of them. */
import { PullpassError } from '../../lib/domain/errors.ts';

/** Carries out a step, or not. */
export type Around = (name: string, step: () => Promise<unknown>) => Promise<unknown>;

type Method = (...args: unknown[]) => Promise<unknown>;

/** The ports of `names`, every call of whose methods goes through `around`; everything else stays as it is. */
export function stepped<P extends object>(ports: P, names: readonly (keyof P & string)[], around: Around): P {
  const wrapped = names.map(name => {
    const port = ports[name] as Record<string, Method>;
    const methods = Object.entries(port).map(([method, call]) => {
      if (typeof call !== 'function') return [method, call];
      return [method, (...args: unknown[]) => around(`${name}.${method}`, () => call.apply(port, args))];
    });
    return [name, Object.fromEntries(methods)];
  });
  return { ...ports, ...Object.fromEntries(wrapped) };
}

export type Moment = 'after' | 'before';

/** Fails at the `nth` step (from 0): before it is carried out, or when only its answer is lost. */
export function failingAt(nth: number, moment: Moment): Around {
  let steps = 0;
  return async (name, step) => {
    const isNow = steps++ === nth;
    if (isNow && moment === 'before') throw new PullpassError('unavailable', { reason: name });
    const result = await step();
    if (isNow) throw new PullpassError('unavailable', { reason: name });
    return result;
  };
}

/** How many steps an act has. */
export async function countSteps(act: (around: Around) => Promise<unknown>): Promise<number> {
  let steps = 0;
  await act((_, step) => {
    steps++;
    return step();
  });
  return steps;
}
