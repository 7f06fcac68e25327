import type { Denial } from '../domain/denial.ts';
import { type Count, OBSERVATIONS, type Observation } from '../domain/metrics.ts';
import type { Clock, Metrics } from '../ports/system.ts';

const NAMESPACE = 'Pullpass';

const nothing = () => undefined;

/** Figures that nobody collects. */
export const NO_METRICS: Metrics = { count: nothing, denied: nothing, observe: nothing, flush: nothing };

export interface MetricsOptions {
  /** The deployment that the figures are of; undefined: nobody collects them, and nothing is written. */
  readonly stage: string | undefined;
  readonly clock: Clock;
}

/**
 * The figures of one function. They are kept for the whole function and not for each request: on Lambda, where they
 * are collected, one request runs at a time; and whatever runs beside it, every figure is put out once.
 */
export function embeddedMetrics({ stage, clock }: MetricsOptions): Metrics {
  if (stage === undefined) return NO_METRICS;
  let figures = new Map<Count | Observation, number | number[]>();
  let denial: Denial | undefined;
  const count: Metrics['count'] = (name, by = 1) => {
    figures.set(name, Number(figures.get(name) ?? 0) + by);
  };
  return {
    count,
    denied(reason) {
      count('Denials');
      denial = reason;
    },
    observe(name, value) {
      const before = figures.get(name);
      // A lone value stays a number: whoever looks for slow requests can sort by it.
      figures.set(name, before === undefined ? value : [before, value].flat());
    },
    flush(about) {
      if (figures.size === 0) return;
      const members = { Stage: stage, ...(denial === undefined ? {} : { Reason: denial }) };
      const _aws = { Timestamp: clock(), CloudWatchMetrics: directives([...figures.keys()], denial) };
      process.stdout.write(
        `${JSON.stringify({ _aws, ...about, ...members, ...Object.fromEntries(figures) })}\n`,
      );
      figures = new Map();
      denial = undefined;
    },
  };
}

/** Denials are metrics by their reason too; everything else would only cost more by it. */
function directives(names: readonly (Count | Observation)[], denial: Denial | undefined): object[] {
  const all = { Namespace: NAMESPACE, Dimensions: [['Stage']], Metrics: names.map(definition) };
  if (denial === undefined) return [all];
  return [all, { ...all, Dimensions: [['Stage', 'Reason']], Metrics: [definition('Denials')] }];
}

function definition(name: Count | Observation): object {
  return { Name: name, Unit: isReading(name) ? OBSERVATIONS[name] : 'Count' };
}

function isReading(name: Count | Observation): name is Observation {
  return name in OBSERVATIONS;
}
