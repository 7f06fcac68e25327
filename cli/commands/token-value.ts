/** The token verbs that show a value: `token-add`, `token-get` and `token-rotate`. */
import { Option } from 'commander';
import * as v from 'valibot';
import { TOKEN_VALUE } from '../../lib/api/responses.ts';
import { HOUR_SECONDS, toRfc3339 } from '../../lib/domain/time.ts';
import { seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { type HttpResponse, parseResponse, timeOfResponse } from '../http.ts';
import type { Session } from '../session.ts';
import type { Target } from '../target.ts';
import { OWN_OR_OTHER, tokenArgument, tokenId } from '../token-id.ts';
import { rotateOwnToken } from './own-token.ts';
import { ANY_NEW_TOKEN, addOptions, type NewToken, newTokenBody, valueListing } from './token-options.ts';
import { waitForSilence } from './token-wait.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import type { Verb } from './verbs.ts';

interface Quiet {
  readonly quiet?: true;
}

interface Rotation extends Quiet {
  readonly grace?: number;
  readonly force?: true;
  /** In seconds; true: as long as the help says. */
  readonly wait?: number | true;
}

export function addVerb(context: Context): Verb {
  return {
    name: 'add',
    description: 'add a token, and show its value; by default it may pull, for a day',
    build: command => addOptions(command).action((options: NewToken) => addToken(context, options)),
  };
}

async function addToken(context: Context, options: NewToken): Promise<void> {
  const session = await context.session();
  const request = { path: '/v1/tokens', json: newTokenBody(options) } as const;
  const { token } = await createValue(session, request);
  await showValue(context, token, options);
  if (!options.quiet) for (const line of loginAdvice(session.target)) context.output.note(line);
  await warnOfUnheld(context, session, token);
}

/** How to log in with a new token. */
function loginAdvice({ services }: Target): string[] {
  if (services.length === 0) return [];
  // To a shell the brackets of an IPv6 address are a pattern.
  const words = services.map(({ registry }) => (registry.startsWith('[') ? `'${registry}'` : registry));
  const logins = words.map(registry => `  docker login --username token ${registry}`);
  return ['Log in with the token as the password:', ...logins];
}

export function getVerb(context: Context): Verb {
  return {
    name: 'get',
    description: 'show the value of a token again; the deployment records who asked',
    build: command =>
      command
        .argument('<id>', '', tokenArgument)
        .option('-q, --quiet', 'the value only')
        .action((id: string, options: Quiet) => getToken(context, id, options)),
  };
}

async function getToken(context: Context, beginning: string, options: Quiet): Promise<void> {
  const session = await context.session();
  const id = await tokenId(session, beginning);
  const token = await session.ask(v.looseObject(TOKEN_VALUE.entries), { path: `/v1/tokens/${id}/value` });
  await showValue(context, token, options);
}

export function rotateVerb(context: Context): Verb {
  const grace = 'how long the old value still works, as in 1h; not at all by default';
  return {
    name: 'rotate',
    description: 'give a token a new value, and show it',
    build: command =>
      command
        .argument(...OWN_OR_OTHER)
        .option('--grace <duration>', grace, seconds)
        .option('--force', 'also while the value before the last rotation still works; ends it now')
        .addOption(waitOption())
        .option('-q, --quiet', 'the value only')
        .action((id: string | undefined, options: Rotation) => rotateToken(context, id, options)),
  };
}

function waitOption(): Option {
  const help =
    'wait until the old value was not used for so long (default: 1h, or the grace if that is less)';
  return new Option('--wait [duration]', help).argParser(seconds);
}

async function rotateToken(
  context: Context,
  beginning: string | undefined,
  options: Rotation,
): Promise<void> {
  const silentSeconds = silentSecondsOf(options);
  const session = await context.session();
  if (beginning === undefined) {
    const { generation } = await rotateOwnToken(context, session, options);
    if (silentSeconds === undefined) return;
    // The login has the new value by now: waiting with the old one would be a use of it.
    return waitForSilence(context, await context.session(), { path: '/v1/token', generation, silentSeconds });
  }
  const path = `/v1/tokens/${await tokenId(session, beginning)}` as const;
  const { generation } = await rotateOther(context, session, path, options);
  if (silentSeconds !== undefined)
    await waitForSilence(context, session, { path, generation, silentSeconds });
}

/** How long the old value is to be silent; undefined: nothing is waited for. */
function silentSecondsOf({ grace = 0, wait }: Rotation): number | undefined {
  if (wait === undefined) return undefined;
  if (grace === 0) throw new UsageError('--wait needs --grace: without it the old value ends at once.');
  const silent = wait === true ? Math.min(grace, HOUR_SECONDS) : wait;
  if (silent <= grace) return silent;
  throw new UsageError('--wait cannot be longer than --grace: the old value would end before.');
}

async function rotateOther(context: Context, session: Session, path: `/${string}`, options: Rotation) {
  const { grace: graceSeconds = 0, force = false, quiet } = options;
  const request = { path: `${path}/rotate`, json: { graceSeconds, force } } as const;
  const { token, response } = await createValue(session, request);
  const endsAt = toRfc3339(timeOfResponse(response, context.clock) + graceSeconds);
  await showValue(context, token, options);
  const isOver = graceSeconds === 0;
  const remark = isOver
    ? 'The old value has ended: logins with it are refused.'
    : `The old value works until ${endsAt}.`;
  if (!quiet) context.output.note(remark);
  return token;
}

/** Sends a request that makes a value. */
async function createValue(
  session: Session,
  request: { readonly path: `/${string}`; readonly json: object },
): Promise<{ token: v.InferOutput<typeof ANY_NEW_TOKEN>; response: HttpResponse }> {
  const response = await session.create({ method: 'POST', ...request });
  return { token: parseResponse(ANY_NEW_TOKEN, response.text, session.target.url), response };
}

async function showValue(
  { output }: Context,
  token: { readonly id: string; readonly token: string },
  { quiet }: Quiet,
): Promise<void> {
  await output.show(token, quiet ? token.token : valueListing(token));
}
