/** The log of what is audited: the same, and never more than the audit has. */
import { expect, it } from 'vitest';
import type { AuditEvent } from '../../lib/ports/stores.ts';
import { loggedAudit } from '../../lib/telemetry/log.ts';
import { NOW } from '../support/records.ts';

const EVENT: AuditEvent = {
  act: 'remove-token',
  handle: 'dv8Pqqy3YAkyj2k0',
  account: 'dev:acme',
  subject: 'dev:alice',
  target: '019a',
  requestId: 'r-1',
  sourceAddress: '192.0.2.1',
};

function auditThat(record: () => Promise<void>) {
  const logged: unknown[] = [];
  const write = (event: string, fields: object) => void logged.push([event, fields]);
  const audit = loggedAudit({ record }, { info: write, warn: write, error: write });
  return { audit, logged };
}

it('tells of what was stored', async () => {
  const { audit, logged } = auditThat(async () => undefined);
  await audit.record(EVENT, NOW * 1000);
  const { handle: accountHandle, ...told } = EVENT;
  expect(logged).toEqual([['act', { ...told, accountHandle }]]);
});

it('tells nothing of what could not be stored, which is not done either', async () => {
  const { audit, logged } = auditThat(() => Promise.reject(new Error('no answer')));
  await expect(audit.record(EVENT, NOW * 1000)).rejects.toThrow('no answer');
  expect(logged).toEqual([]);
});
