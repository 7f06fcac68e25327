/** Metrics in the embedded format of CloudWatch: one JSON line for each request or run (docs/logs.md). */

import { type Count, type Denial, OBSERVATIONS, type Observation } from '../domain/metrics.ts';
import type { Clock, Metrics } from '../ports/system.ts';

const NAMESPACE = 'Pullpass';

const nothing = () => undefined;

/** Metrics that are not collected. */
export const NO_METRICS: Metrics = { count: nothing, denied: nothing, observe: nothing, flush: nothing };

export interface MetricsOptions {
  /** The deployment that they are of; undefined: they are not collected, and nothing is written. */
  readonly stage: string | undefined;
  readonly clock: Clock;
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
}

/**
 * The metrics of one function, not of one request: on Lambda, where they are collected, one request runs at a time, and
 * elsewhere each value is still written exactly once.
 */
export function embeddedMetrics({ stage, clock, write }: MetricsOptions): Metrics {
  if (stage === undefined) return NO_METRICS;
  let values = new Map<Count | Observation, number | number[]>();
  let denial: Denial | undefined;
  const count: Metrics['count'] = (name, by = 1) => {
    values.set(name, Number(values.get(name) ?? 0) + by);
  };
  return {
    count,
    denied(reason) {
      count('Denials');
      denial = reason;
    },
    observe(name, value) {
      const before = values.get(name);
      // A lone value stays a number, so that slow requests can be sorted by it.
      values.set(name, before === undefined ? value : [before, value].flat());
    },
    flush(about) {
      if (values.size === 0) return;
      const members = { Stage: stage, ...(denial === undefined ? {} : { Reason: denial }) };
      const _aws = { Timestamp: clock(), CloudWatchMetrics: directives([...values.keys()], denial) };
      write(JSON.stringify({ _aws, ...about, ...members, ...Object.fromEntries(values) }));
      values = new Map();
      denial = undefined;
    },
  };
}

/** Denials are counted by their reason too; for other metrics that dimension would only add cost. */
function directives(names: readonly (Count | Observation)[], denial: Denial | undefined): object[] {
  const all = { Namespace: NAMESPACE, Dimensions: [['Stage']], Metrics: names.map(definition) };
  if (denial === undefined) return [all];
  return [all, { ...all, Dimensions: [['Stage', 'Reason']], Metrics: [definition('Denials')] }];
}

function definition(name: Count | Observation): object {
  return { Name: name, Unit: isObservation(name) ? OBSERVATIONS[name] : 'Count' };
}

function isObservation(name: Count | Observation): name is Observation {
  return name in OBSERVATIONS;
}
