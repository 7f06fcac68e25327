/** What every chain needs beside its routes and operations. */
import type { ChainOptions } from '../http/chain.ts';
import type { Metrics } from '../ports/system.ts';
import { structuredLog } from '../telemetry/log.ts';
import { NO_METRICS } from '../telemetry/metrics.ts';
import { clock, write } from './system.ts';

export type ChainParts = Pick<
  ChainOptions,
  'authenticate' | 'clock' | 'failures' | 'log' | 'metrics' | 'ready'
>;

/** The chain of a function; one whose routes know no caller counts nothing: it would only blur the figures of logins. */
export function publicChain(metrics: Metrics = NO_METRICS): ChainParts {
  return { log: structuredLog({ write, clock }), metrics, clock, authenticate: {} };
}
