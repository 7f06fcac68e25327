/** The token that its holder is logged in with: what it is, and its rotation. */
import * as v from 'valibot';
import { HELD_TOKEN, type HeldToken, NEW_HELD_TOKEN } from '../../lib/api/token-responses.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { MINUTE_SECONDS } from '../../lib/domain/time.ts';
import type { Context } from '../context.ts';
import { messageOf, UsageError } from '../errors.ts';
import { type State, targetNamed, withTarget } from '../home.ts';
import { parseResponse } from '../http.ts';
import type { Session } from '../session.ts';
import { accessText, repositoriesText } from '../text.ts';
import { ANY_LIMITS, valueListing } from './token-options.ts';

// Members that this version does not know are printed with `--output json`.
export const ANY_HELD = v.looseObject({ ...HELD_TOKEN.entries, limits: ANY_LIMITS });
const ANY_NEW_HELD = v.looseObject({ ...NEW_HELD_TOKEN.entries, limits: ANY_LIMITS });

export interface OwnRotation {
  readonly grace?: number;
  readonly force?: true;
  readonly quiet?: true;
}

/** A rotation whose answer is lost can be asked for again in this time. */
const LEAST_GRACE_SECONDS = 5 * MINUTE_SECONDS;

/** The value of the login. Throws UsageError for another login: an identifier is then needed. */
export function ownValue(session: Session): Secret {
  const login = session.stored();
  if (login.kind === 'registry-token') return login.token;
  throw new UsageError(
    'Name the identifier of a token; only a login with a registry token has one of its own.',
  );
}

/**
 * Rotates the token of the login, and logs in with the new value. Without a grace the old value is ended only when the new one is
 * there: the old one alone can ask again for an answer that is lost.
 */
export async function rotateOwnToken(
  context: Context,
  session: Session,
  options: OwnRotation,
): Promise<{ readonly generation: number }> {
  const { grace = 0, force = false, quiet } = options;
  const { output } = context;
  const before = ownValue(session);
  const json = { graceSeconds: grace === 0 ? LEAST_GRACE_SECONDS : grace, force };
  const response = await session.create({ method: 'POST', path: '/v1/token/rotate', json });
  const token = parseResponse(ANY_NEW_HELD, response.text, session.target.url);
  await remember(context, session, { before, after: new Secret(token.token) });
  await output.show(token, quiet ? token.token : valueListing(token));
  if (grace === 0) await endOld(context, session, before);
  else if (!quiet) output.note(`The old value works until ${token.previousValue?.endsAt ?? 'its end'}.`);
  return token;
}

async function endOld({ output }: Context, session: Session, before: Secret): Promise<void> {
  const form = { token: before.reveal() };
  await session.broker.send({ method: 'POST', path: '/oauth/revoke', form }).then(
    () => output.note('The old value has ended: logins with it are refused.'),
    (error: unknown) =>
      output.warning(
        `The old value works for another five minutes: it could not be ended. ${messageOf(error)}`,
      ),
  );
}

interface Replaced {
  readonly before: Secret;
  readonly after: Secret;
}

/** The new value takes the place of the old one, also where the credential helper has it. It is printed in any case. */
async function remember(context: Context, session: Session, values: Replaced): Promise<void> {
  const { name, url } = session.target;
  await context.home
    .update(state => replaced(state, { name, url }, values))
    .catch((error: unknown) =>
      context.output.warning(`The new value is not stored; log in with it again. ${messageOf(error)}`),
    );
}

function replaced(
  state: State,
  { name, url }: { name: string; url: string },
  { before, after }: Replaced,
): State {
  const isOld = (value: Secret) => value.reveal() === before.reveal();
  const registryTokens = state.registryTokens.map(stored =>
    isOld(stored.token) ? { ...stored, token: after } : stored,
  );
  const target = targetNamed(state, name);
  const isLogin = target?.url === url && target.login?.kind === 'registry-token' && isOld(target.login.token);
  const next = { ...state, registryTokens };
  return isLogin ? withTarget(next, { ...target, login: { kind: 'registry-token', token: after } }) : next;
}

/** Everything that a holder sees, as names and values. */
export function heldEntries(token: HeldToken): [string, string][] {
  const { lastUsed, limits, networks, presented, endsAt } = token;
  const ends: [string, string][] =
    presented === 'value'
      ? []
      : [['Logged in with', `${PRESENTED[presented]}, until ${endsAt ?? 'its end'}`]];
  return [
    ['Token identifier', token.id],
    ['Description', token.description],
    ['Access', accessText(token.access)],
    ['Repositories', repositoriesText(token.repositories)],
    ['Networks', networks?.join(' ') ?? 'any'],
    ['Expires', token.expiresAt ?? 'never'],
    ['Value issued', token.valueIssuedAt ?? 'unknown'],
    ...(token.previousValue === null
      ? []
      : [['Old value', `works until ${token.previousValue.endsAt}`] as [string, string]]),
    ...ends,
    ['Last used', lastUsed?.at ?? 'never'],
    ['Rotation', token.selfRotate ? 'by its holder, once an hour' : 'by its administrators'],
    ...(limits === null ? [] : [['Pulls per day', String(limits.pullsPerDay)] as [string, string]]),
  ];
}

const PRESENTED = {
  'previous-value': 'the value before the last rotation',
  credential: 'a credential',
} as const;
