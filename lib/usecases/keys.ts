/** Rotates the keys of services, and sees that all keys have a copy in another region. */

import { PullpassError, reasonOf } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { HOUR_SECONDS, toSeconds } from '../domain/time.ts';
import type {
  CredentialKeyReport,
  CredentialKeyRotation,
  KeyCopies,
  KeyRetirement,
  RingReport,
  RingRotation,
} from '../ports/keys.ts';
import type { Clock, Log, Metrics } from '../ports/system.ts';
import { inParallel } from './acts.ts';

export interface KeyRotationPorts {
  readonly rings: RingRotation;
  readonly credentialKeys: CredentialKeyRotation;
  readonly retirement: KeyRetirement;
  readonly services: readonly Service[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds that this run may still take. */
  readonly remainingMs: () => number;
}

/** A command: everything that is due, or one act. */
export type KeyCommand =
  | { readonly act: 'maintain' }
  | { readonly act: 'activate' | 'replace'; readonly service: string }
  | { readonly act: 'rotate-credential-key' };

/** What was done. Names of keys, never keys. */
export interface RotationReport {
  readonly rings: readonly RingReport[];
  readonly credentialKeys: CredentialKeyReport | null;
  /** Services that there was no time for; the next run begins with others. */
  readonly left: readonly string[];
  /** Services that are no longer configured, whose keys were deleted. */
  readonly retired: readonly string[];
}

/** Services or secrets at once. Secrets Manager takes 50 writes a second, and a new service takes four. */
const WIDTH = 4;

/** No service is begun with less time left: a slow one takes a dozen calls of two seconds. */
const MARGIN_MS = 30_000;

/**
 * Executes a command, and logs the outcome for each ring. A failure for one service does not stop the others, but fails
 * the command at the end. Throws `unknown-service` for one that is not configured.
 */
export async function rotateKeys(ports: KeyRotationPorts, command: KeyCommand): Promise<RotationReport> {
  const now = toSeconds(ports.clock());
  const nothing = { rings: [], credentialKeys: null, left: [], retired: [] };
  switch (command.act) {
    case 'maintain':
      return maintain(ports, now);
    case 'rotate-credential-key':
      return {
        ...nothing,
        credentialKeys: await logged(ports, 'credential', ports.credentialKeys.rotate(now)),
      };
    case 'activate':
    case 'replace': {
      const service = ports.services.find(({ name }) => name === command.service);
      if (service === undefined)
        throw new PullpassError('unknown-service', { reason: `no service ${command.service}` });
      return {
        ...nothing,
        rings: [await logged(ports, service.name, ports.rings[command.act](service, now))],
      };
    }
  }
}

async function maintain(ports: KeyRotationPorts, now: number): Promise<RotationReport> {
  const { rings, credentialKeys, retirement, metrics, log, remainingMs } = ports;
  const failures = new Map<string, string>();
  const attempt = async <R>(of: string, work: () => Promise<R>): Promise<R | null> => {
    try {
      return await work();
    } catch (error) {
      const reason = reasonOf(error);
      log.error('keys-not-maintained', { of, reason });
      failures.set(of, reason);
      return null;
    }
  };
  const services = inTurn(ports.services, now);
  const reports = new Map<string, RingReport>();
  const work = async (service: Service) => {
    const report = await attempt(service.name, () =>
      logged(ports, service.name, rings.maintain(service, now)),
    );
    if (report === null) return;
    readEnds(metrics, report, now);
    reports.set(service.name, report);
  };
  // First: which services there are is known before any of them has keys, so that none is left behind when it is removed.
  const retired = await attempt('removed services', () => retirement.retire(ports.services, now));
  const [left, credential] = await Promise.all([
    inParallel(services, { width: WIDTH, work, goesOn: () => remainingMs() > MARGIN_MS }),
    attempt('credential', () => logged(ports, 'credential', credentialKeys.maintain(now))),
  ]);
  if (failures.size > 0) throw notRotated(failures);
  const names = left.map(({ name }) => name);
  if (names.length > 0) log.warn('keys-left', { left: names.join(' ') });
  else metrics.count('KeysMaintained');
  const rotated = ports.services.flatMap(({ name }) => reports.get(name) ?? []);
  return { rings: rotated, credentialKeys: credential, left: names, retired: retired ?? [] };
}

function notRotated(failures: ReadonlyMap<string, string>): Error {
  const reasons = [...new Set(failures.values())].join('; ');
  return new Error(`the keys of ${[...failures.keys()].join(', ')} could not be rotated: ${reasons}`);
}

/** Every hour another one first: what a run has no time for is not the same each time. */
function inTurn(services: readonly Service[], now: number): readonly Service[] {
  const first = Math.floor(now / HOUR_SECONDS) % Math.max(services.length, 1);
  return [...services.slice(first), ...services.slice(0, first)];
}

/** A ring without certificates has no end. */
function readEnds(metrics: Metrics, { keyEndsAt, rootEndsAt }: RingReport, now: number): void {
  if (keyEndsAt !== null) metrics.observe('LeafSecondsLeft', keyEndsAt - now);
  if (rootEndsAt !== null) metrics.observe('RootSecondsLeft', rootEndsAt - now);
}

async function logged<R extends CredentialKeyReport | RingReport>(
  { log }: KeyRotationPorts,
  of: string,
  work: Promise<R>,
): Promise<R> {
  const report = await work;
  // `service` in a log line is the program that wrote it.
  const { service: _, ...fields } = { service: of, ...report };
  log.info('keys-maintained', { of, ...fields });
  return report;
}

/** Throws, after all others were tried, when a copy could not be made, or there was no time for all. */
export async function copyKeys(
  copies: KeyCopies,
  services: readonly Service[],
  goesOn: () => boolean,
): Promise<void> {
  const reasons = new Set<string>();
  const work = async (name: string) => {
    await copies.ensure(name).catch((error: unknown) => void reasons.add(reasonOf(error)));
  };
  const left = await inParallel(copies.names(services), { width: WIDTH, work, goesOn });
  if (reasons.size > 0) throw new Error(`keys are without a copy: ${[...reasons].join('; ')}`);
  if (left.length > 0) throw new Error(`no time was left for the copies of ${left.length} secrets`);
}
