/** Log events and metrics: one line of JSON each (docs/logs.md). */

import type { Denial } from '../domain/errors.ts';
import { noticeOf } from '../domain/hygiene.ts';
import type { AuditStore } from '../ports/audit.ts';
import type { Notices } from '../ports/stores.ts';
import {
  type Clock,
  type Count,
  type Log,
  type LogFields,
  MAX_LOG_TEXT,
  type Metrics,
  OBSERVATIONS,
  type Observation,
  type TakenMetrics,
} from '../ports/system.ts';

export interface LogOptions {
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** The X-Ray header of the invocation, where there is one; Lambda sets another for each. */
  readonly traceHeader?: () => string | undefined;
}

type Level = 'ERROR' | 'INFO' | 'WARN';

export function structuredLog({ write, clock, traceHeader }: LogOptions): Log {
  const at = (level: Level) => (message: string, fields: LogFields, metrics?: TakenMetrics) => {
    const line: Record<string, unknown> = {
      level,
      message,
      timestamp: new Date(clock()).toISOString(),
      service: 'pullpass',
      sampling_rate: 0,
      xray_trace_id: traceIdIn(traceHeader?.()),
    };
    for (const name in fields) {
      // No field of an event may replace a common one.
      if (!Object.hasOwn(line, name)) line[name] = cut(fields[name]);
    }
    write(withMetrics(JSON.stringify(line), metrics));
  };
  return { info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}

/** The members at the end of a JSON object that has others. */
function withMetrics(object: string, metrics: TakenMetrics | undefined): string {
  return metrics === undefined ? object : `${object.slice(0, -1)},${metrics}}`;
}

/** The log of what is audited. What could not be stored is not done, and therefore not logged. */
export function loggedAudit(store: AuditStore, log: Log): AuditStore {
  return {
    async record(event, nowMs) {
      await store.record(event, nowMs);
      const { handle: accountHandle, ...fields } = event;
      log.info('act', { ...fields, accountHandle });
    },
  };
}

export function loggedNotices(log: Log): Notices {
  return {
    async publish(reports, at) {
      for (const report of reports) log.info('hygiene', noticeOf(report, at));
    },
  };
}

/** Undefined, and so left out, where it says nothing. */
function cut(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  return typeof value === 'string' && value.length > MAX_LOG_TEXT ? value.slice(0, MAX_LOG_TEXT) : value;
}

/** `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…` names the trace by its root. */
function traceIdIn(header: string | undefined): string | undefined {
  return /(?:^|;)Root=([^;]+)/.exec(header ?? '')?.[1];
}

const NAMESPACE = 'Pullpass';

const nothing = () => undefined;

/** Metrics that are not collected. */
export const NO_METRICS: Metrics = {
  count: nothing,
  denied: nothing,
  observe: nothing,
  take: nothing,
  flush: nothing,
};

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
  const directivesOf = knownDirectives();
  let values = new Map<Count | Observation, number | number[]>();
  let denial: Denial | undefined;
  const count: Metrics['count'] = (name, by = 1) => {
    values.set(name, Number(values.get(name) ?? 0) + by);
  };
  const take: Metrics['take'] = () => {
    if (values.size === 0) return undefined;
    const _aws = `{"Timestamp":${clock()},"CloudWatchMetrics":${directivesOf([...values.keys()], denial)}}`;
    const dimensions = { Stage: stage, ...(denial === undefined ? {} : { Reason: denial }) };
    const members = JSON.stringify({ ...dimensions, ...Object.fromEntries(values) });
    values = new Map();
    denial = undefined;
    return `"_aws":${_aws},${members.slice(1, -1)}`;
  };
  return {
    take,
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
      const metrics = take();
      if (metrics !== undefined) write(withMetrics(JSON.stringify(about), metrics));
    },
  };
}

/** The directives as JSON, written once for each set of names: a function has few, one for each way that a request can take. */
function knownDirectives(): (names: readonly (Count | Observation)[], denial: Denial | undefined) => string {
  const known = new Map<string, string>();
  return (names, denial) => {
    const key = denial === undefined ? names.join() : `${names.join()} ${denial}`;
    const text = known.get(key) ?? JSON.stringify(directives(names, denial));
    known.set(key, text);
    return text;
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
