/** One alarm: what it watches, and how CloudFormation has it. */
import { MINUTE_SECONDS } from '../lib/domain/time.ts';
import type { Count, Observation } from '../lib/ports/system.ts';
import { type Resource, ref } from './template.ts';

/** The logical name of the topic that alarms are published to. */
export const TOPIC = 'Alarms';

export interface Alarm {
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly statistic: 'Sum' | 'Minimum' | 'Maximum' | 'p99';
  /** The condition of the template under which there is the alarm. */
  readonly condition?: string;
  /** The comparison and the threshold that raise the alarm. */
  readonly when: readonly ['>' | '<' | '>=', number | object];
  /** Seconds of one period. */
  readonly period: number;
  /** How many periods must breach the threshold, out of how many. Default: one of one. */
  readonly of?: readonly [breaching: number, evaluated: number];
  /**
   * Raised when figures that came before no longer come. The alarm of a new stack has none yet and does not ring: it is raised by the
   * change from a state with data to one without.
   */
  readonly silence?: true;
}

/** Something that must not happen does, in three minutes of five. */
export const REPEATED = { statistic: 'Sum', when: ['>', 0], period: MINUTE_SECONDS, of: [3, 5] } as const;

/** A metric of our own functions. */
export function own(metric: Count | Observation, stage: string) {
  return { namespace: 'Pullpass', metric, dimensions: { Stage: stage } } as const;
}

/** A metric that Lambda keeps of one function. */
export function ofFunction(name: string, stage: string) {
  return { namespace: 'AWS/Lambda', dimensions: { FunctionName: `pullpass-${stage}-${name}` } } as const;
}

const COMPARISONS = {
  '>': 'GreaterThanThreshold',
  '<': 'LessThanThreshold',
  '>=': 'GreaterThanOrEqualToThreshold',
} as const;

/** An alarm of the template, which is published to the topic. */
export function alarmResource(name: string, alarm: Alarm): Resource {
  const [comparison, threshold] = alarm.when;
  const [breaching, evaluated] = alarm.of ?? [1, 1];
  return {
    Type: 'AWS::CloudWatch::Alarm',
    ...(alarm.condition === undefined ? {} : { Condition: alarm.condition }),
    Properties: {
      AlarmName: name,
      AlarmDescription: alarm.description,
      ...figureOf(alarm),
      ComparisonOperator: COMPARISONS[comparison],
      Threshold: threshold,
      EvaluationPeriods: evaluated,
      DatapointsToAlarm: breaching,
      TreatMissingData: alarm.silence ? 'missing' : 'notBreaching',
      ...(alarm.silence ? { InsufficientDataActions: [ref(TOPIC)] } : { AlarmActions: [ref(TOPIC)] }),
      OKActions: [ref(TOPIC)],
    },
  };
}

/** What is compared; without dimensions, the sum of all that have some. */
function figureOf({ namespace, metric, dimensions, statistic, period }: Alarm): Record<string, unknown> {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  // With few requests the slowest of them would be the 99th of a hundred.
  const of =
    statistic === 'p99'
      ? { ExtendedStatistic: statistic, EvaluateLowSampleCountPercentile: 'ignore' }
      : { Statistic: statistic };
  return {
    Namespace: namespace,
    MetricName: metric,
    ...(Dimensions.length === 0 ? {} : { Dimensions }),
    ...of,
    Period: period,
  };
}
