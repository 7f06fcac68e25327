import type { Config } from '../config/config.ts';
import type { Metrics } from '../ports/system.ts';
import { embeddedMetrics } from '../telemetry/metrics.ts';
import { clock, write } from './system.ts';

export function composeMetrics({ stage }: Config<'stage'>): Metrics {
  return embeddedMetrics({ stage, clock, write });
}
