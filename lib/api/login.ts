/** The login endpoint (distribution `docs/content/spec/auth/token.md`, `oauth.md`), and the health check of its function. */

import { parseScopes, type RequestedAccess } from '../domain/access.ts';
import { type DeniedScope, formatScope } from '../domain/grant.ts';
import { type LoginContext, loginContext, longLoginContext, type Principal } from '../domain/principal.ts';
import { isRepository } from '../domain/repository.ts';
import type { Service } from '../domain/service.ts';
import { TOKEN_EXCHANGE } from '../http/credentials.ts';
import { givenTwice, single } from '../http/form.ts';
import type { HandlerOf, PendingLogin, Request, RequestEvent, Response } from '../http/request.ts';
import { MAX_LOG_TEXT, type Metrics } from '../ports/system.ts';
import { type LoginPorts, type LoginRequest, type Login as LoginResult, logIn } from '../usecases/log-in.ts';
import type { VendPorts } from '../usecases/vend-credential.ts';
import type { OAuthLogin } from './public-responses.ts';
import { serviceNamed } from './services.ts';
import { pendingExchange } from './token-exchange.ts';

export interface LoginHandlerOptions {
  readonly ports: LoginPorts & VendPorts;
  readonly services: readonly Service[];
  readonly metrics: Metrics;
}

/** Which one of two would count is not for the client to guess. None of these decides who the caller is. */
const GIVEN_ONCE = ['account', 'client_id', 'grant_type'] as const;

/** What registries ask for (distribution `registry/handlers/app.go`), and the wildcard. */
const ACTION = /^(?:pull|push|delete|\*)$/;

/** In characters; what clients ask for is mostly less. A longer login takes a second read. */
const LONG_SCOPES = 2048;

export function loginHandlers(options: LoginHandlerOptions) {
  return {
    logIn: request =>
      single(request.form, 'grant_type') === TOKEN_EXCHANGE
        ? pendingExchange(options, request)
        : pendingLogin(options, request),
  } satisfies Record<string, HandlerOf['login']>;
}

function pendingLogin(options: LoginHandlerOptions, request: Request): PendingLogin {
  // The `aud` of the access token is exactly this name.
  const service = serviceNamed(parameter(request, 'service'), options.services);
  const context = contextOf(service.name, scopesOf(request));
  return {
    context,
    answer: principal =>
      answer(options, request, { principal, service, requested: context.asked().requested }),
  };
}

async function answer(
  { ports, metrics }: LoginHandlerOptions,
  request: Request,
  login: LoginRequest,
): Promise<Response> {
  const result = await logIn(ports, login);
  const event = loginEvent(login, result);
  metrics.count('Logins');
  if (login.requested.length > 0 && result.granted.length === 0) {
    metrics.denied(login.principal.outsideNetworks ? 'network-not-allowed' : 'nothing-granted');
  }
  return request.route.method === 'POST'
    ? { status: 200, json: oauthLogin(result), event }
    : { status: 200, text: loginText(result), headers: JSON_TYPE, event };
}

function oauthLogin({ accessToken, expiresIn, granted }: LoginResult): OAuthLogin {
  return {
    token: accessToken,
    access_token: accessToken,
    expires_in: expiresIn,
    token_type: 'Bearer',
    scope: formatScope(granted),
  };
}

const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** A login by GET as JSON: in a JWT there is nothing to escape, and to look for it twice in it takes longer than all the rest. */
function loginText({ accessToken, expiresIn }: LoginResult): string {
  return `{"token":"${accessToken}","access_token":"${accessToken}","expires_in":${expiresIn}}`;
}

function scopesOf(request: Request): string[] {
  for (const name of GIVEN_ONCE) parameter(request, name);
  const { query, form } = request;
  return [...(query.get('scope') ?? []), ...(form.get('scope') ?? [])];
}

function contextOf(service: string, scopes: readonly string[]): LoginContext {
  const length = scopes.reduce((sum, scope) => sum + scope.length, 0);
  return length > LONG_SCOPES
    ? longLoginContext(service, () => parseScopes(scopes))
    : loginContext(service, parseScopes(scopes));
}

/** A parameter of the query or, on POST, of the form; of both together at most one. */
function parameter({ query, form }: Request, name: string): string | undefined {
  const [inQuery, inForm] = [single(query, name), single(form, name)];
  if (inQuery === undefined || inForm === undefined) return inQuery ?? inForm;
  throw givenTwice(name);
}

/** One event for each login: who got what, and which rules were missing for the rest. */
function loginEvent(
  { principal, service, requested }: LoginRequest,
  { granted, denied }: LoginResult,
): RequestEvent {
  const { userName, account, subject, credential, accountHandle, ignoredGroups }: Principal = principal;
  const fields = {
    userName,
    registryService: service.name,
    account,
    ...(accountHandle === undefined ? {} : { accountHandle }),
    subject,
    ignoredGroups,
    credential,
    requested: textOf(requested, access => (isLoggable(access) ? formatRequested(access) : undefined)),
    granted: formatScope(granted),
    missing: textOf(denied, formatDenied),
  };
  return { level: 'info', message: 'login', fields };
}

/** As much as fits into a field of the log. */
function textOf<T>(things: readonly T[], format: (thing: T) => string | undefined): string {
  let text = '';
  for (const thing of things) {
    const more = format(thing);
    if (more !== undefined) text += text === '' ? more : ` ${more}`;
    if (text.length > MAX_LOG_TEXT) break;
  }
  return text;
}

/** Any other text could be a secret in the wrong place. */
function isLoggable({ namespace, actions }: RequestedAccess): boolean {
  return namespace !== undefined && [...actions].every(action => ACTION.test(action));
}

/** `team-a/app:action-not-allowed`: the rule that an administrator would have to change. */
function formatDenied({ name, rule }: DeniedScope): string {
  return rule !== 'not-a-repository' || isRepository(name) ? `${name}:${rule}` : rule;
}

function formatRequested({ type, name, actions }: RequestedAccess): string {
  return `${type}:${name}:${[...actions].join(',')}`;
}
