/** Metrics: one line in the format that CloudWatch reads. */
import { beforeEach, expect, it } from 'vitest';
import { COUNTS, OBSERVATIONS } from '../../lib/domain/metrics.ts';
import { embeddedMetrics } from '../../lib/telemetry/metrics.ts';
import { figuresIn } from '../support/metrics.ts';

const NOW_MS = 1_790_000_000_123;
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
  metrics.flush({});
  expect(figuresIn(lines)[0]?.metrics).toEqual({
    'Pullpass Stage=prod Denials Count': 1,
    'Pullpass Stage=prod RateLimited Count': 1,
    'Pullpass Stage=prod Reason=expired Denials Count': 1,
  });
});

it('starts again after each line, and writes none when nothing was counted', () => {
  const metrics = metricsOf('prod');
  metrics.denied('ended');
  metrics.flush({});
  metrics.flush({});
  metrics.count('ReleasedNamespaces', 0);
  metrics.flush({});
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
    'LatencyMs',
    'LeafSecondsLeft',
    'Logins',
    'Pulls',
    'RateLimited',
    'ReleasedNamespaces',
    'RootSecondsLeft',
    'StoreCalls',
    'StoreFailures',
    'UnusedTokens',
    'Vended',
  ]);
});
