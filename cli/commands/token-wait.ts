/** `token-rotate --wait`: until the old value is silent. */
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { HOUR_SECONDS, MINUTE_SECONDS, toRfc3339, toSeconds } from '../../lib/domain/time.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { parseResponse, timeOfResponse } from '../http.ts';
import type { Session } from '../session.ts';
import { usedText } from '../text.ts';
import { ANY_TOKEN } from './token-options.ts';

/** A deployment stores the use of a value once an hour, with four minutes of spread: until then it may have been used again. */
const USED_FOR_SECONDS = HOUR_SECONDS + 5 * MINUTE_SECONDS;

const ROTATED = v.pick(v.looseObject(ANY_TOKEN.entries), ['generation', 'previousValue', 'valueIssuedAt']);
type Rotated = v.InferOutput<typeof ROTATED>;
type Use = NonNullable<NonNullable<Rotated['previousValue']>['lastUsed']>;

export interface Waiting {
  /** Of the token, as who waits sees it. */
  readonly path: `/${string}`;
  /** The generation that the rotation made. */
  readonly generation: number | undefined;
  /** How long nothing may have logged in with the old value. */
  readonly silentSeconds: number;
}

/**
 * Returns when the old value is silent, and says meanwhile who uses it. Throws CliError when it ends before that, or when the token is
 * rotated again.
 */
export async function waitForSilence(context: Context, session: Session, waiting: Waiting): Promise<void> {
  const { output } = context;
  let last: Use | undefined;
  for (;;) {
    const { token, now } = await read(context, session, waiting.path);
    if (token.generation !== waiting.generation) {
      throw new CliError('The token was rotated again; nothing is known of its old value any more.');
    }
    const issuedAt = secondsOf(token.valueIssuedAt ?? toRfc3339(now));
    const use = token.previousValue?.lastUsed ?? undefined;
    const isNew = use !== undefined && secondsOf(use.at) >= issuedAt && use.at !== last?.at;
    if (isNew) await output.warning(`The old value is still used: ${usedText(use)}.`);
    if (isNew) last = use;
    const silentSince = last === undefined ? issuedAt : secondsOf(last.at) + USED_FOR_SECONDS;
    if (now - silentSince >= waiting.silentSeconds) return output.note(silence(last));
    if (token.previousValue === null) throw endedBefore(last);
    await delay(
      Math.min(context.timeouts.pollMs, 1000 * Math.max(1, silentSince + waiting.silentSeconds - now)),
    );
  }
}

async function read({ clock }: Context, session: Session, path: `/${string}`) {
  const response = await session.send({ path });
  const token = parseResponse(ROTATED, response.text, session.target.url);
  return { token, now: timeOfResponse(response, clock) };
}

function secondsOf(time: string): number {
  return toSeconds(Date.parse(time));
}

function silence(last: Use | undefined): string {
  return last === undefined
    ? 'The old value is silent: it was not used since the rotation.'
    : `The old value is silent. Its last use: ${usedText(last)}.`;
}

function endedBefore(last: Use | undefined): CliError {
  const message =
    last === undefined
      ? 'The old value has ended before it was silent for so long; it was not used since the rotation.'
      : `The old value has ended, and may be missed where it was used: ${usedText(last)}.`;
  return new CliError(message, { code: 'old-value-used' });
}
