/** Requests that make a value: carried out once, also when their answer is lost. */
import { randomUUID } from 'node:crypto';
import type * as v from 'valibot';
import type { BrokerRequest } from './broker.ts';
import { CliError } from './failure.ts';
import type { Session } from './session.ts';

/**
 * As `Session.ask`, but asks a second time when there is no answer: the `Idempotency-Key` lets the deployment tell
 * that it is the same request, so that no second value comes into the world.
 */
export async function sendOnce<S extends v.GenericSchema>(
  session: Session,
  schema: S,
  request: Omit<BrokerRequest, 'proof'>,
): Promise<v.InferOutput<S>> {
  const keyed = { ...request, headers: { 'idempotency-key': randomUUID() } };
  try {
    return await session.ask(schema, keyed);
  } catch (error) {
    if (!(error instanceof CliError) || error.details.code !== 'unreachable') throw error;
    return session.ask(schema, keyed);
  }
}
