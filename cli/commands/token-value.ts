/** The token verbs that show a value: `token-add`, `token-get` and `token-rotate`. */
import * as v from 'valibot';
import { TOKEN_VALUE } from '../../lib/api/responses.ts';
import { toRfc3339, toSeconds } from '../../lib/domain/time.ts';
import type { Clock } from '../../lib/ports/system.ts';
import { identifier, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type HttpResponse, parseResponse } from '../http.ts';
import type { Session } from '../session.ts';
import type { Target } from '../target.ts';
import { rotateOwnToken } from './own-token.ts';
import { ANY_NEW_TOKEN, addOptions, type NewToken, newTokenBody, valueListing } from './token-options.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import type { Verb } from './verbs.ts';

interface Quiet {
  readonly quiet?: true;
}

interface Rotation extends Quiet {
  readonly grace?: number;
  readonly force?: true;
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
        .argument('<id>', '', identifier)
        .option('-q, --quiet', 'the value only')
        .action((id: string, options: Quiet) => getToken(context, id, options)),
  };
}

async function getToken(context: Context, id: string, options: Quiet): Promise<void> {
  const session = await context.session();
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
        .argument('[id]', 'that of the login by default, where a registry token logged in', identifier)
        .option('--grace <duration>', grace, seconds)
        .option('--force', 'also while the value before the last rotation still works; ends it now')
        .option('-q, --quiet', 'the value only')
        .action((id: string | undefined, options: Rotation) => rotateToken(context, id, options)),
  };
}

async function rotateToken(context: Context, id: string | undefined, options: Rotation): Promise<void> {
  const { grace: graceSeconds = 0, force = false, quiet } = options;
  const session = await context.session();
  if (id === undefined) return rotateOwnToken(context, session, options);
  const request = { path: `/v1/tokens/${id}/rotate`, json: { graceSeconds, force } } as const;
  const { token, response } = await createValue(session, request);
  const endsAt = toRfc3339(timeOf(response, context.clock) + graceSeconds);
  await showValue(context, token, options);
  if (quiet) return;
  context.output.note(
    graceSeconds === 0
      ? 'The old value has ended: logins with it are refused.'
      : `The old value works until ${endsAt}.`,
  );
}

/** Sends a request that makes a value. */
async function createValue(
  session: Session,
  request: { readonly path: `/${string}`; readonly json: object },
): Promise<{ token: v.InferOutput<typeof ANY_NEW_TOKEN>; response: HttpResponse }> {
  const response = await session.create({ method: 'POST', ...request });
  return { token: parseResponse(ANY_NEW_TOKEN, response.text, session.target.url), response };
}

/** The time of the deployment, in seconds since 1970: it decides when something ends, and not the clock of this machine. */
function timeOf({ headers }: HttpResponse, clock: Clock): number {
  const date = Date.parse(headers.get('date') ?? '');
  return toSeconds(Number.isNaN(date) ? clock() : date);
}

async function showValue(
  { output }: Context,
  token: { readonly id: string; readonly token: string },
  { quiet }: Quiet,
): Promise<void> {
  await output.show(token, quiet ? token.token : valueListing(token));
}
