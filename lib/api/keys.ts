/** The events of the keys function: its schedule, the deployment, and the operator. */
import * as v from 'valibot';
import { PullpassError } from '../domain/errors.ts';
import type { Log } from '../ports.ts';
import { type KeyCommand, type KeyPorts, keepKeys } from '../usecases/keep-keys.ts';
import { type ResourceRequest, type Respond, resourceAnswer, resourceRequest } from './custom-resource.ts';

export interface KeyEvents {
  readonly ports: KeyPorts;
  readonly respond: Respond;
  readonly log: Log;
}

const service = v.pipe(v.string(), v.nonEmpty());

/** Each form stands alone: what is misspelt, or asks for two things, is carried out in no part. */
const Command: v.GenericSchema<unknown, KeyCommand> = v.union([
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

/** Answers what was done. Throws for what it does not understand, and whatever keeps the keys from being kept. */
export function keyHandler({ ports, respond, log }: KeyEvents): (event: unknown) => Promise<object> {
  return async event => {
    const request = resourceRequest(event);
    if (request === undefined) return { ...(await keepKeys(ports, commandIn(event))) };
    const failure = await failureOf(request, ports);
    log.info('deployment-answered', { request: request.RequestType, failure });
    await respond(request.ResponseURL, resourceAnswer(request, failure));
    return {};
  };
}

/** The keys outlive the stack: what a registry trusts is not lost by a deployment. */
async function failureOf({ RequestType }: ResourceRequest, ports: KeyPorts): Promise<string | undefined> {
  if (RequestType === 'Delete') return undefined;
  try {
    await keepKeys(ports, { act: 'maintain' });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function commandIn(event: unknown): KeyCommand {
  const result = v.safeParse(Command, event);
  if (result.success) return result.output;
  throw new PullpassError('invalid-request', {
    reason:
      'not one of {"maintain": true}, {"activate": "<service>"}, {"replace": "<service>"}, {"rotateCredentialKey": true}',
  });
}
