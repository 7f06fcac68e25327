/** The dashboard of a deployment. */

import type { Count, Observation } from '../lib/ports/system.ts';
import { type Resource, sub } from './template.ts';

/** CloudWatch has a grid of 24 columns. */
const WIDTH = 8;
const HEIGHT = 6;
const COLUMNS = 3;

type Line = readonly unknown[];
interface Widget {
  readonly title: string;
  readonly stat: string;
  readonly lines: readonly Line[];
  /** Seconds of one point. */
  readonly period?: number;
}

/** The dashboard as a resource. Its body is one text; CloudFormation fills in the region, the table and the API. */
export function dashboardResource(functions: readonly string[], stage: string): Record<string, Resource> {
  const body = { widgets: widgetsOf(functions, stage).map(toWidget) };
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: `pullpass-${stage}`, DashboardBody: sub(JSON.stringify(body)) },
    },
  };
}

function widgetsOf(functions: readonly string[], stage: string): Widget[] {
  const own = (...names: readonly (Count | Observation)[]): Line[] =>
    names.map(name => ['Pullpass', name, 'Stage', stage]);
  const ofFunctions = (metric: string): Line[] =>
    functions.map(name => [
      'AWS/Lambda',
      metric,
      'FunctionName',
      `pullpass-${stage}-${name}`,
      { label: name },
    ]);
  const ofApi = (...metrics: readonly string[]): Line[] =>
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in
    metrics.map(metric => ['AWS/ApiGateway', metric, 'ApiId', '${HttpApi}']);
  const ofTable = (...metrics: readonly string[]): Line[] =>
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in
    metrics.map(metric => ['AWS/DynamoDB', metric, 'TableName', '${Table}']);
  const reasons = `SEARCH('{Pullpass,Stage,Reason} Stage="${stage}" MetricName="Denials"', 'Sum')`;
  return [
    {
      title: 'Logins and pulls',
      stat: 'Sum',
      lines: own('Logins', 'Vended', 'Pulls', 'Denials', 'RateLimited'),
    },
    { title: 'Denials by reason', stat: 'Sum', lines: [[{ expression: reasons, label: '' }]] },
    { title: 'Time to answer, p99', stat: 'p99', lines: [...own('LatencyMs'), ...ofApi('Latency')] },
    {
      title: 'Answers of the API',
      stat: 'Sum',
      lines: [...ofApi('Count', '4xx', '5xx'), ['Pullpass/API', 'Throttled', 'Stage', stage]],
    },
    {
      title: 'Store, IAM and upstreams',
      stat: 'Sum',
      lines: own('StoreCalls', 'StoreFailures', 'IamFailures', 'UpstreamFailures', 'UpstreamRefused'),
    },
    {
      title: 'Capacity of the table',
      stat: 'Sum',
      lines: ofTable('ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits'),
    },
    { title: 'Duration of functions, p99', stat: 'p99', lines: ofFunctions('Duration') },
    { title: 'Functions at once', stat: 'Maximum', lines: ofFunctions('ConcurrentExecutions') },
    {
      title: 'Errors and throttles',
      stat: 'Sum',
      lines: [...ofFunctions('Errors'), ...ofFunctions('Throttles')],
    },
    {
      title: 'Life left of keys',
      stat: 'Minimum',
      period: 3600,
      lines: own('LeafSecondsLeft', 'RootSecondsLeft'),
    },
    {
      title: 'Prober',
      stat: 'Maximum',
      lines: own('PositiveProbesFailed', 'NegativeProbesFailed'),
    },
    {
      title: 'Runs of schedules that were finished',
      stat: 'Sum',
      period: 86_400,
      lines: own('CleanupFinished', 'KeysMaintained', 'TableAttested'),
    },
    {
      title: 'Waits for the operator',
      stat: 'Maximum',
      period: 86_400,
      lines: own('ReleasedNamespaces', 'UnusedTokens', 'ExpiringTokens'),
    },
    {
      title: 'Events about tokens',
      stat: 'Sum',
      lines: own('NoticesSent', 'NoticesFailed'),
    },
  ];
}

function toWidget({ title, stat, lines, period = 300 }: Widget, index: number): object {
  return {
    type: 'metric',
    x: (index % COLUMNS) * WIDTH,
    y: Math.floor(index / COLUMNS) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills it in
    properties: { title, view: 'timeSeries', region: '${AWS::Region}', stat, period, metrics: lines },
  };
}
