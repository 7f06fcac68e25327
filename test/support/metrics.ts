/** Reads figures off a log, as CloudWatch does. */
import * as v from 'valibot';

const METRIC = v.strictObject({
  Name: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
  Unit: v.picklist(['Count', 'Milliseconds', 'Seconds']),
});
const DIMENSION = v.pipe(v.string(), v.minLength(1), v.maxLength(250));
const DIRECTIVE = v.strictObject({
  Namespace: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
  Dimensions: v.pipe(v.array(v.pipe(v.array(DIMENSION), v.maxLength(30))), v.minLength(1)),
  Metrics: v.pipe(v.array(METRIC), v.maxLength(100)),
});
/**
 * A line in the embedded metric format, as its specification has it: the schema in
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * and the rule that every target is a member of the root: text for a dimension, numbers for a metric.
 */
const LINE = v.looseObject({
  _aws: v.strictObject({
    Timestamp: v.pipe(v.number(), v.integer()),
    CloudWatchMetrics: v.pipe(v.array(DIRECTIVE), v.minLength(1)),
  }),
});
const VALUE = v.union([v.number(), v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(100))]);

export interface Figures {
  /** The root of the line: properties, dimensions and values. */
  readonly members: Readonly<Record<string, unknown>>;
  /** What CloudWatch makes of it: `Namespace Stage=x Name Unit`, and the value. */
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** Every line of figures in a log; throws for one that does not keep to the format. */
export function figuresIn(logs: readonly string[]): Figures[] {
  const lines = logs.flatMap(chunk => chunk.split('\n')).filter(line => line.includes('"_aws"'));
  return lines.map(line => {
    const { _aws, ...members } = v.parse(LINE, JSON.parse(line));
    const metrics = _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Dimensions.flatMap(names => {
        const at = names.map(name => `${name}=${v.parse(v.string(), members[name])}`).join(' ');
        return Metrics.map(({ Name, Unit }) => [
          `${Namespace} ${at} ${Name} ${Unit}`,
          v.parse(VALUE, members[Name]),
        ]);
      }),
    );
    return { members, metrics: Object.fromEntries(metrics) };
  });
}
