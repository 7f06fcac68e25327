/**
 * The values of arguments and options, and the options that several commands have. An invalid value is not repeated in
 * the message where it may be a secret that was pasted by mistake.
 */
import { Option } from 'commander';
import { isUuid } from '../lib/domain/identifiers.ts';
import { readNetwork } from '../lib/domain/networks.ts';
import { isRepository, namespaceProblem, patternProblem } from '../lib/domain/repository.ts';
import {
  DAY_SECONDS,
  HOUR_SECONDS,
  isDay,
  MINUTE_SECONDS,
  secondsOf,
  startOf,
  toSeconds,
} from '../lib/domain/time.ts';
import { UsageError } from './errors.ts';
import { inOptions } from './refusal.ts';

const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: MINUTE_SECONDS,
  h: HOUR_SECONDS,
  d: DAY_SECONDS,
};

/** The deployment takes no earlier time. */
const EARLIEST = startOf('2000-01-01');

/** A duration (`90s`, `15m`, `12h`, `30d`) in seconds. */
export function seconds(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (factor === undefined)
    throw new UsageError('A duration must be a whole number followed by s, m, h or d, as in 30d.');
  return Number(count) * factor;
}

/** The identifier of a token, policy or trust, which the lists show in lower case. */
export function identifier(text: string): string {
  const id = text.trim().toLowerCase();
  if (isUuid(id)) return id;
  throw new UsageError(
    'An identifier must be a UUID, as the lists show it; the value of a token is not an identifier.',
  );
}

/** A pattern of repositories, for an option that may be given several times. */
function patterns(text: string, before: readonly string[] = []): string[] {
  const problem = patternProblem(text);
  if (problem !== undefined) throw new UsageError(`The repository ${inOptions(problem)}.`);
  return [...before, text];
}

/** A number of things, at least one. */
export function count(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError('A number must be whole, and at least 1.');
}

/** A day of UTC. */
export function day(text: string): string {
  if (isDay(text)) return text;
  throw new UsageError('A day must be written as in 2026-11-21.');
}

/** A time as people write it: so long ago, a day of UTC, or a time of RFC 3339. */
export type Moment = { readonly secondsAgo: number } | { readonly day: string } | { readonly at: number };

export function moment(text: string): Moment {
  const at = secondsOf(text);
  if (at !== undefined) return { at };
  if (isDay(text)) return { day: text };
  if (/^\d{1,9}[smhd]$/.test(text)) return { secondsAgo: seconds(text) };
  throw new UsageError(
    'A time must be so long ago, as in 7d, or a day as in 2026-11-21, or as in 2026-11-21T07:00:00Z.',
  );
}

/** In seconds since 1970; of a day, the first or the last second. */
export function timeOf(time: Moment, nowMs: number, which: 'first' | 'last'): number {
  if ('at' in time) return time.at;
  if ('day' in time) return which === 'first' ? startOf(time.day) : startOf(time.day, 1) - 1;
  return Math.max(EARLIEST, toSeconds(nowMs) - time.secondsAgo);
}

/** The whole name of a repository. */
export function repository(text: string): string {
  if (isRepository(text)) return text;
  const problem = patternProblem(text) ?? 'must be one name without a *';
  throw new UsageError(`The repository ${inOptions(problem)}.`);
}

/** The name of a namespace. */
export function namespace(text: string): string {
  const problem = namespaceProblem(text);
  if (problem !== undefined) throw new UsageError(`The namespace ${problem}.`);
  return text;
}

/** As `parse`, for an argument that may be given several times. Repeated values count once. */
export function each(parse: (text: string) => string) {
  return (text: string, before: readonly string[] = []): string[] => [...new Set([...before, parse(text)])];
}

/** `name=value`, for an option that is given once for each label. */
export function label(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [, name, value] = /^([a-z0-9._/-]{1,63})=(.{0,63})$/su.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(
      'A label must have the form name=value: 1 to 63 of a-z, 0-9, dot, underscore, slash and hyphen, and at most 63 characters.',
    );
  }
  if (before.has(name)) throw new UsageError(`The label ${name} is given twice.`);
  return new Map([...before, [name, value]]);
}

/** `name=value`, for an option that is given once for each claim. */
export function claims(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageError('A claim must have the form name=value.');
  if (before.has(name)) throw new UsageError(`The claim ${name} is given twice.`);
  return new Map([...before, [name, value]]);
}

/** A network, for an option that may be given several times. */
function networks(text: string, before: readonly string[] = []): string[] {
  const read = readNetwork(text.trim());
  if ('network' in read) return [...new Set([...before, read.network])];
  throw new UsageError(`The network ${inOptions(read.problem)}.`);
}

export function networkOption(): Option {
  const description = 'only from this network, as in 203.0.113.0/24; repeat for more';
  return new Option('--network <cidr>', description).argParser(networks);
}

export function repositoryOption(): Option {
  const help = 'only there: a name, or a prefix followed by /*; may be given several times';
  return new Option('--repository <pattern>', help).argParser(patterns);
}

/** `--expires-in` with a default, as in `12h`. */
export function lifetimeOption(help: string, absent: string): Option {
  return new Option('--expires-in <duration>', help).argParser(seconds).default(seconds(absent), absent);
}
