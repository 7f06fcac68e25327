/** The alarms of a deployment, and the topic that they are published to. */

import { DAY_SECONDS as DAY, HOUR_SECONDS as HOUR, MINUTE_SECONDS as MINUTE } from '../lib/domain/time.ts';
import { type Alarm, alarmResource, ofFunction, own, REPEATED, TOPIC } from './alarm.ts';
import { type Concurrency, loadAlarms } from './load-alarms.ts';
import { logicalName, type Resource, ref } from './template.ts';

/** No figure for so many periods. None is negative, so nothing else raises the alarm. */
const silent = (periods: number, period: number) =>
  ({ statistic: 'Sum', when: ['<', 0], period, of: [periods, periods], silence: true }) as const;

/** One in five minutes. */
const ANY = { statistic: 'Sum', when: ['>', 0], period: 5 * MINUTE } as const;

/** The highest figure of five minutes is above zero. */
const ABOVE_ZERO = { ...ANY, statistic: 'Maximum' } as const;

/** What callers meet. By logical name, like all others here. */
function alarmsOfRequests(stage: string): Record<string, Alarm> {
  return {
    ApiFails: {
      description: 'The API answers 5xx: see which function fails, is throttled, or says 503',
      namespace: 'AWS/ApiGateway',
      metric: '5xx',
      dimensions: { ApiId: ref('HttpApi') },
      ...REPEATED,
    },
    StoreFails: {
      description: 'DynamoDB does not answer, and callers get 503',
      ...own('StoreFailures', stage),
      ...REPEATED,
    },
    IamFails: {
      description: 'An IAM does not answer: logins with its identities get 503',
      ...own('IamFailures', stage),
      ...REPEATED,
    },
    ManyDenials: {
      description:
        'Far more logins are denied than usual: secrets are being guessed, or many callers hold one that has ended',
      ...own('Denials', stage),
      ...ANY,
      when: ['>', ref('DenialsPerFiveMinutes')],
    },
  };
}

/** What runs on a schedule. */
function alarmsOfSchedules(stage: string): Record<string, Alarm> {
  return {
    NoticesFail: {
      description: 'The event bus does not take the events about tokens; after three days they are lost',
      ...own('NoticesFailed', stage),
      ...ANY,
      of: [3, 4],
    },
    CleanupSilent: {
      description: 'No cleanup has passed the whole table for 26 hours',
      ...own('CleanupFinished', stage),
      ...silent(26, HOUR),
    },
    KeysSilent: {
      description: 'No run of the keys function has maintained all keys for three hours',
      ...own('KeysMaintained', stage),
      ...silent(3, HOUR),
    },
    AttestationSilent: {
      description: 'The table has not been attested for an hour; after six hours the functions answer 503',
      ...own('TableAttested', stage),
      ...silent(12, 5 * MINUTE),
    },
    RunsFailed: {
      description: 'A run of cleanup or keys failed after all retries: it is in the queue of failed runs',
      namespace: 'AWS/SQS',
      metric: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: { 'Fn::GetAtt': ['FailedRuns', 'QueueName'] } },
      ...ABOVE_ZERO,
    },
  };
}

/** The thresholds follow from lib/domain/key-ring.ts: a leaf signs for 7 of its 14 days. */
function alarmsOfKeys(stage: string): Record<string, Alarm> {
  return {
    LeafEnds: {
      description:
        'A signing key was not followed by its successor: it ends within 6 days, and with it all logins',
      ...own('LeafSecondsLeft', stage),
      statistic: 'Minimum',
      when: ['<', 6 * DAY],
      period: HOUR,
    },
    RootEnds: {
      description:
        'A root certificate ends within 90 days: replace the keys of the service, and give its registry the new bundle',
      ...own('RootSecondsLeft', stage),
      statistic: 'Minimum',
      when: ['<', 90 * DAY],
      period: HOUR,
    },
  };
}

function alarmsOfTables(): Record<string, Alarm> {
  const throttled = (metric: string, TableName: unknown) => ({
    description:
      'DynamoDB refuses requests for their number; each is tried once more, then answered with 503',
    namespace: 'AWS/DynamoDB',
    metric,
    dimensions: { TableName },
    ...REPEATED,
  });
  return {
    TableReadsThrottled: throttled('ReadThrottleEvents', ref('Table')),
    TableWritesThrottled: throttled('WriteThrottleEvents', ref('Table')),
    LedgerWritesThrottled: throttled('WriteThrottleEvents', ref('LedgerTable')),
  };
}

function alarmsOfUpstreams(stage: string): Record<string, Alarm> {
  return {
    UpstreamRefuses: {
      description:
        'An upstream refuses the login that the registry proxy has for it: pulls get 503 until it accepts one',
      ...own('UpstreamRefused', stage),
      ...ANY,
    },
    UpstreamFails: {
      description: 'An upstream does not answer the registry proxy: pulls get 503',
      ...own('UpstreamFailures', stage),
      ...REPEATED,
    },
  };
}

/** What the prober finds, every five minutes. */
function alarmsOfProber(stage: string): Record<string, Alarm> {
  return {
    PositiveProbesFail: {
      description: 'A check that must succeed failed in two runs of the prober',
      ...own('PositiveProbesFailed', stage),
      ...ABOVE_ZERO,
      of: [2, 2],
    },
    ProberSilent: {
      description: 'The prober has not run for a quarter of an hour',
      ...own('PositiveProbesFailed', stage),
      ...silent(3, 5 * MINUTE),
    },
    NegativeProbesFail: {
      description: 'CRITICAL: a request that must be refused succeeded; the log of the prober names it',
      ...own('NegativeProbesFailed', stage),
      ...ABOVE_ZERO,
    },
  };
}

/** The two alarms of each function. */
function alarmsOfFunction(name: string, stage: string): Record<string, Alarm> {
  const common = { ...ofFunction(name, stage), ...ANY };
  const word = logicalName(name);
  return {
    [`${word}Fails`]: { description: `${name} ended in an error`, metric: 'Errors', ...common },
    [`${word}Throttled`]: {
      description: `${name} was called more often than its concurrency allows`,
      metric: 'Throttles',
      ...common,
    },
  };
}

/** The topic, its subscription, and every alarm. */
export function alarmResources(
  functions: readonly string[],
  stage: string,
  concurrency: Concurrency,
): Record<string, Resource> {
  const alarms = Object.assign(
    {},
    ...functions.map(name => alarmsOfFunction(name, stage)),
    alarmsOfRequests(stage),
    functions.includes('registry') ? alarmsOfUpstreams(stage) : {},
    alarmsOfSchedules(stage),
    alarmsOfKeys(stage),
    alarmsOfTables(),
    functions.includes('prober') ? alarmsOfProber(stage) : {},
    loadAlarms(functions, stage, concurrency),
  );
  const resources = Object.entries<Alarm>(alarms).map(([name, alarm]) => [
    `${name}Alarm`,
    alarmResource(`pullpass-${stage}-${name}`, alarm),
  ]);
  return {
    [TOPIC]: { Type: 'AWS::SNS::Topic', Properties: { TopicName: `pullpass-${stage}-alarms` } },
    AlarmsByMail: {
      Type: 'AWS::SNS::Subscription',
      Condition: 'HasAlarmEmail',
      Properties: { TopicArn: ref(TOPIC), Protocol: 'email', Endpoint: ref('AlarmEmail') },
    },
    ...Object.fromEntries(resources),
  };
}
