/** What every chain needs beside its routes and operations. */
import type { ChainOptions } from '../http/chain.ts';
import { structuredLog } from '../telemetry/log.ts';
import { clock } from './system.ts';

export type ChainParts = Pick<ChainOptions, 'identify' | 'failures' | 'log' | 'clock'>;

/** The chain of a function whose routes know no caller. */
export function publicChain(): ChainParts {
  return { log: structuredLog(), clock };
}
