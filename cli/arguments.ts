/** The values of arguments and options. What does not fit is not repeated: it may be a secret in the wrong place. */
import { isNamespace, isPattern } from '../lib/domain/repository.ts';
import { DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS } from '../lib/domain/time.ts';
import { isUuid } from '../lib/domain/uuid.ts';
import { UsageError } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: MINUTE_SECONDS,
  h: HOUR_SECONDS,
  d: DAY_SECONDS,
};

/** A duration (`90s`, `15m`, `12h`, `30d`) in seconds. */
export function seconds(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (factor === undefined) throw new UsageError('A duration is a whole number and s, m, h or d, as in 30d.');
  return Number(count) * factor;
}

/** The identifier of a token, policy or trust. */
export function identifier(text: string): string {
  if (isUuid(text)) return text;
  throw new UsageError('An identifier is 36 characters long, as the lists show it; a value is none.');
}

/** As `identifier`, for one or more: each once. */
export function identifiers(text: string, before: readonly string[] = []): string[] {
  return [...new Set([...before, identifier(text)])];
}

/** A pattern of repositories, for an option that may be given several times. */
export function patterns(text: string, before: readonly string[] = []): string[] {
  if (!isPattern(text)) {
    throw new UsageError('A repository is a name such as team-a/app, or a prefix and /* such as team-a/*.');
  }
  return [...before, text];
}

/** The name of a namespace. */
export function namespace(text: string): string {
  if (isNamespace(text)) return text;
  throw new UsageError(
    'A namespace is one segment of a repository name: 2 to 128 of a-z, 0-9, ".", "_" and "-".',
  );
}

/** As `namespace`, for one or more: each once. */
export function namespaces(text: string, before: readonly string[] = []): string[] {
  return [...new Set([...before, namespace(text)])];
}

/** `name=value`, for an option that is given once for each claim. */
export function claims(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError('A claim is given as name=value.');
  if (before.has(name)) throw new UsageError(`The claim ${name} is given twice.`);
  return new Map([...before, [name, value]]);
}
