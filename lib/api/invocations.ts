/** The events of functions that answer no request: the schedule, the custom resource and the operator, for keys and restore. */
import * as v from 'valibot';
import { PullpassError, reasonOf } from '../domain/errors.ts';
import { otherEvent, refuseEvent, SCHEDULED } from '../http/event.ts';
import type { HttpResult } from '../http/request.ts';
import type { Log, Metrics } from '../ports/system.ts';
import { type KeyCommand, type KeyRotationPorts, rotateKeys } from '../usecases/keys.ts';
import type { ReplayCounts, ReplayRequest } from '../usecases/replay-ledger.ts';

/** Puts the answer where CloudFormation waits for it. */
export type Respond = (url: string, body: string) => Promise<void>;

const Request = v.object({
  RequestType: v.picklist(['Create', 'Update', 'Delete']),
  ResponseURL: v.string(),
  StackId: v.string(),
  RequestId: v.string(),
  LogicalResourceId: v.string(),
  PhysicalResourceId: v.optional(v.string()),
});

export type ResourceRequest = v.InferOutput<typeof Request>;

/** Always the same: another one would make CloudFormation delete the first. */
const PHYSICAL_ID = 'pullpass-keys';

/** An answer has 4096 bytes at most ("Custom resource response objects"); the identifiers in it are ours to repeat. */
const MAX_REASON = 1024;

/** The request in an event; undefined for an event of another kind. Throws for a request that is not whole. */
function resourceRequest(event: unknown): ResourceRequest | undefined {
  if (typeof event !== 'object' || event === null || !('RequestType' in event)) return undefined;
  return v.parse(Request, event);
}

/** The answer: a failure with its reason, or success. */
export function resourceResponse(request: ResourceRequest, failure: string | undefined): string {
  const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = PHYSICAL_ID } = request;
  const ids = { StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  return JSON.stringify(
    failure === undefined
      ? { Status: 'SUCCESS', ...ids }
      : { Status: 'FAILED', Reason: printable(failure).slice(0, MAX_REASON), ...ids },
  );
}

/** Of a reason that is longer in UTF-8 than it looks the answer would be too long. */
function printable(reason: string): string {
  return reason.replaceAll(/[^\x20-\x7e]+/g, ' ');
}

export interface KeyEvents {
  readonly ports: Omit<KeyRotationPorts, 'log' | 'remainingMs'>;
  readonly respond: Respond;
  /** Makes the table the ledger's if it is new. */
  readonly initialise: () => Promise<unknown>;
  /** Stores which table the control plane says it is: all other functions read that. */
  readonly attest: () => Promise<void>;
  /** Makes the copies of keys that are missing, while it may go on. */
  readonly copy: (goesOn: () => boolean) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What the platform says of an invocation. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

const service = v.pipe(v.string(), v.nonEmpty());

/** A second schedule only attests. */
type Command = KeyCommand | { readonly act: 'attest' };

/** An event that is misspelt, or asks for two things, is refused as a whole. */
const Command: v.GenericSchema<unknown, Command> = v.union([
  v.pipe(
    v.strictObject({ attest: v.literal(true) }),
    v.transform(() => ({ act: 'attest' as const })),
  ),
  v.pipe(
    v.strictObject({ maintain: v.literal(true) }),
    v.transform(() => ({ act: 'maintain' as const })),
  ),
  v.pipe(
    v.object({ source: v.literal('aws.events') }),
    v.transform(() => ({ act: 'maintain' as const })),
  ),
  v.pipe(
    v.strictObject({ activate: service }),
    v.transform(({ activate }) => ({ act: 'activate' as const, service: activate })),
  ),
  v.pipe(
    v.strictObject({ replace: service }),
    v.transform(({ replace }) => ({ act: 'replace' as const, service: replace })),
  ),
  v.pipe(
    v.strictObject({ rotateCredentialKey: v.literal(true) }),
    v.transform(() => ({ act: 'rotate-credential-key' as const })),
  ),
]);

/** No copy is begun with less time left. */
const MARGIN_MS = 10_000;

/** Answers what was done. Throws for an unknown event, and when keys could not be rotated. */
export function keyHandler(options: KeyEvents): (event: unknown, invocation: Invocation) => Promise<object> {
  return async (event, invocation) => {
    const { awsRequestId: requestId } = invocation;
    const other = otherEvent(event);
    if (other !== undefined && other !== SCHEDULED) return refuseEvent(other, requestId, options.log);
    const log = logWith(options.log, { requestId });
    try {
      const remainingMs = () => invocation.getRemainingTimeInMillis();
      return await answer({ ...options, ports: { ...options.ports, log, remainingMs }, log }, event);
    } finally {
      options.metrics.flush({ requestId });
    }
  };
}

type Answering = Pick<KeyEvents, 'attest' | 'copy' | 'log' | 'respond' | 'initialise'> & {
  readonly ports: KeyRotationPorts;
};

async function answer(parts: Answering, event: unknown): Promise<object> {
  const { respond, log } = parts;
  const request = resourceRequest(event);
  if (request === undefined) return carryOut(parts, commandIn(event));
  const failure = await failureOf(request, () => deploy(parts));
  log.info('deployment-answered', { request: request.RequestType, failure });
  await respond(request.ResponseURL, resourceResponse(request, failure));
  return {};
}

/** An operator's act is logged like those of administrators; it belongs to no account's audit. */
async function carryOut(parts: Answering, command: Command): Promise<object> {
  const { ports } = parts;
  if (command.act === 'attest') return { attested: await attested(parts) };
  if (command.act === 'maintain') {
    await attested(parts);
    const report = await rotateKeys(ports, command);
    // Not at a deployment, which must not wait for another region: new secrets have a copy from their creation on.
    await parts.copy(() => ports.remainingMs() > MARGIN_MS);
    return { ...report };
  }
  const target = 'service' in command ? command.service : 'credential';
  ports.log.info('act', {
    act: command.act === 'rotate-credential-key' ? command.act : `${command.act}-keys`,
    subject: 'operator',
    target,
  });
  return { ...(await rotateKeys(ports, command)) };
}

/** Whether it could be attested: the schedule comes again soon, and an attestation is good for hours. */
async function attested({ attest, log, ports }: Answering): Promise<boolean> {
  try {
    await attest();
    ports.metrics.count('TableAttested');
    return true;
  } catch (error) {
    log.warn('table-not-attested', { reason: reasonOf(error) });
    return false;
  }
}

/** The keys outlive the stack: what a registry trusts is not lost by a deployment. */
async function failureOf(
  { RequestType }: ResourceRequest,
  deploy: () => Promise<void>,
): Promise<string | undefined> {
  if (RequestType === 'Delete') return undefined;
  try {
    await deploy();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/**
 * The functions that serve are made afterwards, so they find their keys, and what was attested. A table that was restored fails no
 * deployment: it takes one to serve from it, once the ledger was replayed.
 */
async function deploy({ ports, initialise, attest, log }: Answering): Promise<void> {
  const { left } = await rotateKeys(ports, { act: 'maintain' });
  if (left.length > 0) throw new Error(`no time was left for the keys of ${left.join(' ')}: deploy again`);
  log.info('table-settled', { matchStatus: await initialise() });
  await attest();
  // The alarms of silence begin with a figure, and so not on a new stack.
  ports.metrics.count('TableAttested');
  ports.metrics.count('CleanupFinished', 0);
}

function commandIn(event: unknown): Command {
  const result = v.safeParse(Command, event);
  if (result.success) return result.output;
  throw new PullpassError('invalid-request', {
    reason:
      'not one of {"maintain": true}, {"attest": true}, {"activate": "<service>"}, {"replace": "<service>"}, {"rotateCredentialKey": true}',
  });
}

function logWith(log: Log, common: Readonly<Record<string, unknown>>): Log {
  return {
    info: (event, fields) => log.info(event, { ...common, ...fields }),
    warn: (event, fields) => log.warn(event, { ...common, ...fields }),
    error: (event, fields) => log.error(event, { ...common, ...fields }),
  };
}

/** Replays the ledger; it is told how many milliseconds it may still take. */
export type Replay = (request: ReplayRequest, remainingMs: () => number) => Promise<ReplayCounts>;

/** What the platform says of an invocation. */
export interface RestoreContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Answers what was read and changed. The operator's act is logged before it is done, like those of administrators. */
export function restoreHandler({ run, log }: { readonly run: Replay; readonly log: Log }) {
  return async (event: unknown, context: RestoreContext): Promise<ReplayCounts | HttpResult> => {
    const other = otherEvent(event);
    if (other !== undefined) return refuseEvent(other, context.awsRequestId, log);
    const request = restoreRequest(event);
    const { info } = logWith(log, { requestId: context.awsRequestId });
    if (!request.dryRun) info('act', { act: 'restore', subject: 'operator', target: 'table' });
    const counts = await run(request, () => context.getRemainingTimeInMillis());
    info('ledger-replayed', { ...counts });
    return counts;
  };
}

/** Throws for a member that is unknown: a dry run that is misspelt must not be the real one. */
function restoreRequest(event: unknown): ReplayRequest {
  const flag = v.optional(v.boolean(), false);
  return { ...v.parse(v.strictObject({ dryRun: flag, acceptGap: flag }), event ?? {}), unsure: false };
}
