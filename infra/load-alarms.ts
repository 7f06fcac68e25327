/** The alarms of load: requests that are refused for their number, answers that take long, and concurrency that is nearly used up. */
import { MINUTE_SECONDS as MINUTE } from '../lib/domain/time.ts';
import { type Alarm, ofFunction, own, REPEATED } from './alarm.ts';
import { logicalName, ref } from './template.ts';

const ALMOST = 0.8;
/** Where the metric filter of the access log counts (access-log.yml). */
const API_NAMESPACE = 'Pullpass/API';

/** These work for minutes, or pass on what an upstream sends. */
const PATIENT: ReadonlySet<string> = new Set(['cleanup', 'keys', 'prober', 'registry', 'restore']);

/** How many executions at once logins, and all functions of the account, may have. */
export interface Concurrency {
  readonly loginConcurrency: number;
  readonly accountConcurrency: number;
}

export function loadAlarms(
  functions: readonly string[],
  stage: string,
  { loginConcurrency, accountConcurrency }: Concurrency,
): Record<string, Alarm> {
  const atOnce = {
    namespace: 'AWS/Lambda',
    metric: 'ConcurrentExecutions',
    statistic: 'Maximum',
    period: MINUTE,
    of: [3, 5],
  } as const;
  const slow = functions
    .filter(name => !PATIENT.has(name))
    .map((name): [string, Alarm] => [
      `${logicalName(name)}Slow`,
      {
        description: `One of a hundred answers of ${name} takes longer than latencyMilliseconds`,
        ...ofFunction(name, stage),
        metric: 'Duration',
        statistic: 'p99',
        when: ['>', ref('LatencyMilliseconds')],
        period: 5 * MINUTE,
        of: [3, 3],
      },
    ]);
  return {
    ...Object.fromEntries(slow),
    ApiThrottles: {
      description: 'The API answers 429: more requests came than the rate and the burst of a route let pass',
      namespace: API_NAMESPACE,
      metric: 'Throttled',
      dimensions: { Stage: stage },
      ...REPEATED,
    },
    ManyRateLimited: {
      description: 'Far more callers than usual get 429, because they failed to authenticate too often',
      ...own('RateLimited', stage),
      statistic: 'Sum',
      when: ['>', ref('DenialsPerFiveMinutes')],
      period: 5 * MINUTE,
    },
    LoginBusy: {
      description: 'Logins use 80 % of their concurrency; beyond all of it they get 429 or 503',
      condition: 'ReservesConcurrency',
      ...atOnce,
      ...ofFunction('login', stage),
      when: ['>=', ALMOST * loginConcurrency],
    },
    AccountBusy: {
      description: 'All functions of the account use 80 % of its concurrency in the region',
      dimensions: {},
      when: ['>=', ALMOST * accountConcurrency],
      ...atOnce,
    },
  };
}
