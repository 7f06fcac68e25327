/** The lines of the log, the acts and notices that are logged, and the metrics in the format that CloudWatch reads. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Account } from '../../lib/domain/identifiers.ts';
import type { AuditEvent } from '../../lib/ports/audit.ts';
import { COUNTS, OBSERVATIONS } from '../../lib/ports/system.ts';
import {
  embeddedMetrics,
  type LogOptions,
  loggedAudit,
  loggedNotices,
  structuredLog,
} from '../../lib/telemetry/log.ts';
import { figuresIn } from '../support/metrics.ts';
import { NOW } from '../support/records.ts';

const NOW_MS = 1_790_000_000_123;

function logged(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = structuredLog({ clock: () => NOW_MS, write: line => void lines.push(line), ...options });
  return { log, lines, events: () => lines.map(line => JSON.parse(line) as Record<string, unknown>) };
}

describe('structuredLog', () => {
  it('writes one JSON line: the common fields, then those of the event', () => {
    const { log, lines } = logged();
    log.info('login', { requestId: 'r-1', granted: ['repository:team/app:pull'], text: 'two\nlines' });
    expect(lines).toEqual([
      '{"level":"INFO","message":"login","timestamp":"2026-09-21T14:13:20.123Z","service":"pullpass",' +
        '"sampling_rate":0,"requestId":"r-1","granted":["repository:team/app:pull"],"text":"two\\nlines"}',
    ]);
  });

  it('has three levels', () => {
    const { log, events } = logged();
    log.info('a', {});
    log.warn('b', {});
    log.error('c', {});
    expect(events().map(({ level, message }) => [level, message])).toEqual([
      ['INFO', 'a'],
      ['WARN', 'b'],
      ['ERROR', 'c'],
    ]);
  });

  it('takes the metrics of a request into the line of its event', () => {
    const { log, lines } = logged();
    const metrics = metricsOf('prod');
    metrics.count('Logins');
    log.info('login', { requestId: 'r-1' }, metrics.take());
    expect(lines).toEqual([
      '{"level":"INFO","message":"login","timestamp":"2026-09-21T14:13:20.123Z","service":"pullpass",' +
        '"sampling_rate":0,"requestId":"r-1","_aws":{"Timestamp":1790000000123,"CloudWatchMetrics":[{"Namespace":"Pullpass",' +
        '"Dimensions":[["Stage"]],"Metrics":[{"Name":"Logins","Unit":"Count"}]}]},"Stage":"prod","Logins":1}',
    ]);
    expect(figuresIn(lines)[0]?.metrics).toEqual({ 'Pullpass Stage=prod Logins Count': 1 });
    expect(metrics.take()).toBeUndefined();
  });

  it('leaves out what is unknown or empty, and keeps zero and false', () => {
    const { log, events } = logged();
    log.info('refused', { a: undefined, b: null, c: '', d: 0, e: false });
    const { level: _, message, timestamp, service, sampling_rate, ...fields } = events()[0] ?? {};
    expect(fields).toEqual({ d: 0, e: false });
  });

  it('cuts every text after 1024 characters', () => {
    const { log, events } = logged();
    log.info('refused', { fits: 'x'.repeat(1024), long: 'y'.repeat(1025) });
    expect(events()[0]).toMatchObject({ fits: 'x'.repeat(1024), long: 'y'.repeat(1024) });
  });

  it('does not let an event replace a common field', () => {
    const { log, events } = logged();
    const forged = { level: 'DEBUG', message: 'forged', timestamp: 'then', service: 'another' };
    log.error('refused', forged);
    expect(events()[0]).toMatchObject({ level: 'ERROR', message: 'refused', service: 'pullpass' });
    expect(events()[0]?.timestamp).toBe('2026-09-21T14:13:20.123Z');
  });

  it('names the X-Ray trace of each invocation by its root', () => {
    let header: string | undefined =
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    const { log, events } = logged({ traceHeader: () => header });
    log.info('a', {});
    header = undefined;
    log.info('b', {});
    expect(events().map(event => event.xray_trace_id)).toEqual([
      '1-5759e988-bd862e3fe1be46a994272793',
      undefined,
    ]);
  });
});

const EVENT: AuditEvent = {
  act: 'remove-token',
  handle: 'dv8Pqqy3YAkyj2k0',
  account: 'dev:acme',
  subject: 'dev:alice',
  target: '019a',
  requestId: 'r-1',
  sourceAddress: '192.0.2.1',
};

describe('loggedAudit', () => {
  it('logs an act after its record was stored', async () => {
    const { log, events } = logged();
    await loggedAudit({ record: async () => undefined }, log).record(EVENT, NOW * 1000);
    const { handle: accountHandle, ...fields } = EVENT;
    expect(events()).toEqual([expect.objectContaining({ message: 'act', ...fields, accountHandle })]);
  });

  it('logs nothing when the record could not be stored, because the act is then refused', async () => {
    const { log, lines } = logged();
    const audit = loggedAudit({ record: () => Promise.reject(new Error('no answer')) }, log);
    await expect(audit.record(EVENT, NOW * 1000)).rejects.toThrow('no answer');
    expect(lines).toEqual([]);
  });
});

describe('loggedNotices', () => {
  it('logs one event for each account with findings', async () => {
    const { log, events } = logged();
    const none = { count: 0, examples: [] };
    const reportOf = (account: Account) => ({
      account,
      releasedNamespaces: { count: 1, examples: ['team-b'] },
      unusedTokens: none,
      expiringTokens: none,
    });
    await loggedNotices(log).publish([reportOf('dev:acme'), reportOf('dev:other')], NOW);
    expect(events()).toEqual([
      expect.objectContaining({ message: 'hygiene', ...reportOf('dev:acme') }),
      expect.objectContaining({ message: 'hygiene', ...reportOf('dev:other') }),
    ]);
    expect(events()[0]?.reportedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });
});

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
});

const metricsOf = (stage: string | undefined) =>
  embeddedMetrics({ stage, clock: () => NOW_MS, write: line => void lines.push(line) });

it('writes one line with sums, observations, and the request that they belong to', () => {
  const metrics = metricsOf('prod');
  metrics.count('StoreCalls');
  metrics.count('StoreCalls', 2);
  metrics.observe('LatencyMs', 12);
  metrics.observe('LeafSecondsLeft', 100);
  metrics.observe('LeafSecondsLeft', 50);
  metrics.flush({ requestId: 'r-1' });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]+$/);
  const [figures] = figuresIn(lines);
  expect(figures?.metrics).toEqual({
    'Pullpass Stage=prod StoreCalls Count': 3,
    'Pullpass Stage=prod LatencyMs Milliseconds': 12,
    'Pullpass Stage=prod LeafSecondsLeft Seconds': [100, 50],
  });
  expect(figures?.members.requestId).toBe('r-1');
  expect(JSON.parse(lines[0] ?? '')._aws.Timestamp).toBe(NOW_MS);
});

it('counts denials by their reason too, and nothing else by it', () => {
  const metrics = metricsOf('prod');
  metrics.denied('expired');
  metrics.count('RateLimited');
  metrics.flush({ requestId: 'r-1' });
  expect(figuresIn(lines)[0]?.metrics).toEqual({
    'Pullpass Stage=prod Denials Count': 1,
    'Pullpass Stage=prod RateLimited Count': 1,
    'Pullpass Stage=prod Reason=expired Denials Count': 1,
  });
});

it('starts again after each line, and writes none when nothing was counted', () => {
  const metrics = metricsOf('prod');
  metrics.denied('ended');
  metrics.flush({ requestId: 'r-1' });
  metrics.flush({ requestId: 'r-1' });
  metrics.count('ReleasedNamespaces', 0);
  metrics.flush({ requestId: 'r-1' });
  expect(figuresIn(lines).map(({ metrics: made }) => made)).toEqual([
    expect.anything(),
    { 'Pullpass Stage=prod ReleasedNamespaces Count': 0 },
  ]);
});

it('writes nothing without a stage', () => {
  const metrics = metricsOf(undefined);
  metrics.count('Logins');
  metrics.denied('expired');
  metrics.observe('LatencyMs', 1);
  metrics.flush({ requestId: 'r-1' });
  expect(lines).toEqual([]);
});

it('uses the names that alarms and dashboards know', () => {
  expect([...COUNTS, ...Object.keys(OBSERVATIONS)].sort()).toEqual([
    'CleanupFinished',
    'Denials',
    'ExpiringTokens',
    'IamFailures',
    'KeysMaintained',
    'LatencyMs',
    'LeafSecondsLeft',
    'Logins',
    'NegativeProbesFailed',
    'NoticesFailed',
    'NoticesSent',
    'PositiveProbesFailed',
    'Pulls',
    'RateLimited',
    'ReleasedNamespaces',
    'RootSecondsLeft',
    'StoreCalls',
    'StoreFailures',
    'TableAttested',
    'UnusedTokens',
    'UpstreamFailures',
    'UpstreamRefused',
    'Vended',
  ]);
});
