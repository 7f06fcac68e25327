/** The route that lists what was done in an account. */
import { isUuid, qualify } from '../domain/identifiers.ts';
import { secondsOf, toRfc3339 } from '../domain/time.ts';
import { type Form, single } from '../http/form.ts';
import type { Response } from '../http/request.ts';
import { ACTS, type Act, type AuditEntry } from '../ports/audit.ts';
import { type AuditReadPorts, readAudit } from '../usecases/read-audit.ts';
import {
  foreignCursor,
  invalid,
  limitOf,
  type ManagementHandlers,
  type ManagementRequest,
  readTextCursor,
  writeTextCursor,
} from './parameters.ts';
import type * as answers from './responses.ts';

export function auditHandlers(ports: AuditReadPorts) {
  return { listAudit: request => page(ports, request) } satisfies ManagementHandlers;
}

async function page(ports: AuditReadPorts, request: ManagementRequest): Promise<Response> {
  const { account, issuer } = request.principal.identity;
  const filters = filtersIn(request.query, issuer);
  // Of this list alone: with another filter the same place would skip entries.
  const list = `${account} audit ${JSON.stringify(filters)}`;
  const cursor = single(request.query, 'cursor');
  const after = cursor === undefined ? undefined : positionIn(readTextCursor(list, cursor));
  const { entries, next } = await readAudit(ports, { account, ...filters, after, limit: limitOf(request) });
  const nextCursor = next === undefined ? null : writeTextCursor(list, next);
  return { status: 200, json: { entries: entries.map(entryObject), nextCursor } satisfies answers.Audit };
}

function entryObject({ position: _, at, ...entry }: AuditEntry): answers.AuditEntry {
  return { at: toRfc3339(at), ...entry };
}

/** As the store writes them. Our cursors are not secret, so anyone could write one. */
const POSITION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[0-9a-f]{16}$/;

function positionIn(text: string): string {
  if (POSITION.test(text)) return text;
  throw foreignCursor();
}

function filtersIn(query: Form, issuer: string) {
  const target = textIn(query, 'target');
  const subject = textIn(query, 'subject');
  const [since, until] = [timeIn(query, 'since'), timeIn(query, 'until')];
  if (since !== undefined && until !== undefined && since > until) {
    throw invalid([{ path: 'since', message: 'must not be after until' }], 'query');
  }
  const id = target?.toLowerCase();
  return {
    act: actIn(query),
    target: id !== undefined && isUuid(id) ? id : target,
    // As in policies, with or without the key of the issuer.
    subjects: subject === undefined ? undefined : [subject, qualify(issuer, subject)],
    since,
    until,
  };
}

function actIn(query: Form): Act | undefined {
  const text = single(query, 'act');
  const act = ACTS.find(known => known === text);
  if (text === undefined || act !== undefined) return act;
  throw invalid([{ path: 'act', message: `must be one of ${ACTS.join(', ')}` }], 'query');
}

const PRINTABLE = /^[!-~]{1,256}$/;

function textIn(query: Form, name: 'subject' | 'target'): string | undefined {
  const text = single(query, name);
  if (text === undefined || PRINTABLE.test(text)) return text;
  throw invalid([{ path: name, message: 'must be 1 to 256 visible characters of ASCII' }], 'query');
}

function timeIn(query: Form, name: 'since' | 'until'): number | undefined {
  const text = single(query, name);
  if (text === undefined) return undefined;
  const seconds = secondsOf(text);
  if (seconds !== undefined) return seconds;
  throw invalid([{ path: name, message: 'must be a time as in 2026-11-21T07:00:00Z' }], 'query');
}
