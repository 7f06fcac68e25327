/** Whether a function can serve: what a deployment asks each of its functions, and what anyone may ask the login function. */
import { refreshing } from '../cache/refreshing.ts';
import { accessTokenClaims } from '../domain/access-token.ts';
import { PullpassError } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { HandlerOf } from '../http/request.ts';
import type { AccessTokenSigner } from '../ports/keys.ts';
import type { LoginStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import { RESTORED_TABLE } from '../usecases/table-guard.ts';
import type { Health } from './public-responses.ts';

/** What a function needs in order to serve, each by its name. A check throws where that cannot be had. */
export type HealthChecks = Readonly<Record<string, () => Promise<unknown>>>;

/** `restored-table`: it waits for the ledger to be replayed, as an operator has to do after a restore. */
export interface HealthReport {
  readonly status: 'failing' | 'ok' | 'restored-table';
  /** What cannot be had, and why. */
  readonly problem?: string;
}

/**
 * The handler, which also answers the invocation `{"health": true}`. Only who may invoke the function can ask: what an HTTP API
 * or a function URL sends is a request, no matter what its caller writes.
 */
export function withHealth<H extends (event: never, context: never) => Promise<unknown>>(
  handler: H,
  checks: HealthChecks,
): H {
  const answering = (event: unknown, context: unknown) =>
    isQuestion(event) ? reportOf(checks) : handler(event as never, context as never);
  // Its other callers never send the question, so they never get a report.
  return answering as unknown as H;
}

function isQuestion(event: unknown): boolean {
  if (typeof event !== 'object' || event === null) return false;
  return 'health' in event && event.health === true && Object.keys(event).length === 1;
}

async function reportOf(checks: HealthChecks): Promise<HealthReport> {
  const entries = Object.entries(checks);
  const results = await Promise.allSettled(entries.map(async ([, check]) => check()));
  const failures = results.flatMap((result, i) =>
    result.status === 'rejected' ? [{ name: entries[i]?.[0] ?? '', error: result.reason as unknown }] : [],
  );
  if (failures.length === 0) return { status: 'ok' };
  const waits = failures.every(({ error }) => textOf(error) === RESTORED_TABLE);
  const problem = failures.map(({ name, error }) => `${name}: ${textOf(error)}`).join('; ');
  return { status: waits ? 'restored-table' : 'failing', problem };
}

/** As it is logged: with the names of what is behind it. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const text = error instanceof PullpassError ? error.message : `${error.name}: ${error.message}`;
  return cause instanceof Error ? `${text} (${cause.name}: ${cause.message})` : text;
}

export interface HealthPorts {
  readonly clock: Clock;
  readonly issuer: string;
  readonly signer: AccessTokenSigner;
  readonly store: Pick<LoginStore, 'read'>;
}

/** Any name will do: it only has to be read. */
const PROBE_NAMESPACE = 'pullpass-health';

/** Reads the table as a login does. */
export function readTable(store: Pick<LoginStore, 'read'>): Promise<unknown> {
  return store.read({ namespaces: [PROBE_NAMESPACE] });
}

/** Whether the login function can read the table, and sign for each service. */
export async function probe(
  { store, signer, clock, issuer }: HealthPorts,
  services: readonly Service[],
): Promise<void> {
  const now = toSeconds(clock());
  await readTable(store);
  for (const { name } of services) {
    const issuance = { issuer, service: name, subject: '', granted: [], jti: '' };
    await signer.sign(accessTokenClaims(issuance, 0, now), now);
  }
}

/** Anyone may ask, so one answer serves all callers for this long. */
const CACHED_MS = 5_000;

export function healthHandlers(ports: HealthPorts, services: readonly Service[]) {
  const healthy = refreshing({
    load: () => probe(ports, services),
    freshFor: CACHED_MS,
    usableFor: CACHED_MS,
    retryAfter: 0,
  });
  return {
    async checkHealth() {
      await healthy.get(ports.clock());
      return { status: 200, json: { status: 'ok' } satisfies Health };
    },
  } satisfies Record<string, HandlerOf['public']>;
}
