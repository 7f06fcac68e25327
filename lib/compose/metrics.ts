/** The figures of one function, as the configuration wants them. */
import type { Config } from '../config.ts';
import type { Metrics } from '../ports.ts';
import { embeddedMetrics } from '../telemetry/metrics.ts';
import { clock } from './system.ts';

export function composeMetrics({ stage }: Config<'stage'>): Metrics {
  return embeddedMetrics({ stage, clock });
}
