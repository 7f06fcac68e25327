/** Rotates the keys of a deployment: all that are due, or one at the operator's command. */

import { PullpassError } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { CredentialKeyReport, CredentialKeyRotation, RingReport, RingRotation } from '../ports/keys.ts';
import type { Clock, Log, Metrics } from '../ports/system.ts';

export interface KeyRotationPorts {
  readonly rings: RingRotation;
  readonly credentialKeys: CredentialKeyRotation;
  readonly services: readonly Service[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
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
}

/**
 * Executes a command, and logs the outcome for each ring. A failure for one service does not stop the others, but fails
 * the command at the end. Throws `unknown-service` for one that is not configured.
 */
export async function rotateKeys(ports: KeyRotationPorts, command: KeyCommand): Promise<RotationReport> {
  const now = toSeconds(ports.clock());
  switch (command.act) {
    case 'maintain':
      return maintain(ports, now);
    case 'rotate-credential-key':
      return {
        rings: [],
        credentialKeys: await logged(ports, 'credential', ports.credentialKeys.rotate(now)),
      };
    case 'activate':
    case 'replace': {
      const service = ports.services.find(({ name }) => name === command.service);
      if (service === undefined)
        throw new PullpassError('unknown-service', { reason: `no service ${command.service}` });
      return {
        rings: [await logged(ports, service.name, ports.rings[command.act](service, now))],
        credentialKeys: null,
      };
    }
  }
}

async function maintain(ports: KeyRotationPorts, now: number): Promise<RotationReport> {
  const { rings, credentialKeys, services, log } = ports;
  const failed: string[] = [];
  const attempt = async <R extends CredentialKeyReport | RingReport>(
    name: string,
    work: () => Promise<R>,
  ): Promise<R | null> => {
    try {
      return await logged(ports, name, work());
    } catch (error) {
      log.error('keys-not-maintained', { of: name, reason: String(error) });
      failed.push(name);
      return null;
    }
  };
  const reports: (RingReport | null)[] = [];
  for (const service of services) {
    const report = await attempt(service.name, () => rings.maintain(service, now));
    if (report !== null) readEnds(ports.metrics, report, now);
    reports.push(report);
  }
  const credential = await attempt('credential', () => credentialKeys.maintain(now));
  if (failed.length > 0) throw new Error(`the keys of ${failed.join(', ')} could not be rotated`);
  return { rings: reports.filter(report => report !== null), credentialKeys: credential };
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
