/** The login endpoint (distribution `docs/content/spec/auth/token.md`, `oauth.md`), and the health check of its function. */

import { parseScopes, type RequestedAccess } from '../domain/access.ts';
import { accessTokenClaims } from '../domain/access-token.ts';
import { PullpassError } from '../domain/errors.ts';
import { type DeniedScope, formatScope } from '../domain/grant.ts';
import { isRepository } from '../domain/repository.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import { TOKEN_EXCHANGE } from '../http/credentials.ts';
import { single } from '../http/form.ts';
import type { Handlers, Request } from '../http/request.ts';
import type { Log, Metrics } from '../ports/system.ts';
import { type Login, type LoginPorts, logIn } from '../usecases/log-in.ts';
import { exchangeToken } from './credentials.ts';
import { callerOf, serviceNamed } from './parameters.ts';
import type { Health, Login as LoginAnswer, OAuthLogin } from './public-responses.ts';

/** A name that nothing depends on: it only has to be read. */
const PROBE_NAMESPACE = 'pullpass-health';

/** Anyone may ask, so an answer serves everybody for this long. */
const REMEMBERED_MS = 5_000;

export function healthOperations(ports: LoginPorts, services: readonly Service[]): Handlers {
  let healthyUntilMs = 0;
  return {
    async checkHealth() {
      if (ports.clock() >= healthyUntilMs) {
        await probe(ports, services);
        healthyUntilMs = ports.clock() + REMEMBERED_MS;
      }
      return { status: 200, json: { status: 'ok' } satisfies Health };
    },
  };
}

async function probe(
  { store, signer, clock, issuer }: LoginPorts,
  services: readonly Service[],
): Promise<void> {
  const now = toSeconds(clock());
  await store.read({ namespaces: [PROBE_NAMESPACE] });
  for (const { name } of services) {
    const issuance = { issuer, service: name, subject: '', granted: [], jti: '' };
    await signer.sign(accessTokenClaims(issuance, 0, now), now);
  }
}

const MAX_RESOURCES = 100;

const MAX_ACTIONS = 10;

/** Which one of two would count is not for the client to guess. None of these decides who the caller is. */
const GIVEN_ONCE = ['account', 'client_id', 'grant_type'] as const;

/** What registries ask for (distribution `registry/handlers/app.go`), and the wildcard. */
const ACTION = /^(?:pull|push|delete|\*)$/;

export interface LoginOperationOptions {
  readonly ports: LoginPorts;
  readonly services: readonly Service[];
  readonly log: Log;
  readonly metrics: Metrics;
}

export function loginOperations(options: LoginOperationOptions): Handlers {
  const { ports, services, log, metrics } = options;
  return {
    async logIn(call) {
      if (single(call.form, 'grant_type') === TOKEN_EXCHANGE) return exchangeToken(options, call);
      const service = serviceOf(call, services);
      const requested = requestedBy(call);
      const login = await logIn(ports, { caller: callerOf(call), service, requested });
      logLogin(log, call, { service, requested, login });
      const { accessToken, expiresIn, granted } = login;
      metrics.count('Logins');
      if (requested.length > 0 && granted.length === 0) metrics.denied('nothing-granted');
      const answer: LoginAnswer = { token: accessToken, access_token: accessToken, expires_in: expiresIn };
      const oauth: OAuthLogin = { ...answer, token_type: 'Bearer', scope: formatScope(granted) };
      return { status: 200, json: call.route.method === 'POST' ? oauth : answer };
    },
  };
}

/** The `aud` of the access token is exactly this name. */
function serviceOf(call: Request, services: readonly Service[]): Service {
  return serviceNamed(parameter(call, 'service'), services);
}

function requestedBy(call: Request): RequestedAccess[] {
  for (const name of GIVEN_ONCE) parameter(call, name);
  const requested = parseScopes([...(call.query.get('scope') ?? []), ...(call.form.get('scope') ?? [])]);
  if (requested.length > MAX_RESOURCES) {
    throw new PullpassError('invalid-request', {
      detail: `One login may ask for ${MAX_RESOURCES} resources.`,
    });
  }
  if (requested.some(({ actions }) => actions.size > MAX_ACTIONS)) {
    throw new PullpassError('invalid-request', { detail: `A scope may name ${MAX_ACTIONS} actions.` });
  }
  return requested;
}

/** A parameter that may stand in the query or, on POST, in the form; together at most once. */
function parameter({ query, form }: Request, name: string): string | undefined {
  return single(new Map([[name, [...(query.get(name) ?? []), ...(form.get(name) ?? [])]]]), name);
}

interface LoginOutcome {
  readonly service: Service;
  readonly requested: readonly RequestedAccess[];
  readonly login: Login;
}

/** One event for each login, from which an administrator can tell who got what, and what was left out. */
function logLogin(log: Log, call: Request, { service, requested, login }: LoginOutcome): void {
  log.info('login', {
    requestId: call.requestId,
    sourceAddress: call.sourceAddress,
    userName: call.presented.kind,
    registryService: service.name,
    account: login.account,
    ...accountHandleOf(call),
    subject: login.subject,
    credential: login.credential,
    requested: requested.filter(isLoggable).map(formatRequested).join(' '),
    granted: formatScope(login.granted),
    missing: login.shortfalls.map(formatShortfall).join(' '),
  });
}

/** The account that a workload's token names: all there is to tell when no trust is for it. */
function accountHandleOf({ recognised }: Request): { accountHandle?: string } {
  return recognised?.kind === 'workload' ? { accountHandle: recognised.workload.handle } : {};
}

/** Any other text could be a secret in the wrong place. */
function isLoggable({ type, name, actions }: RequestedAccess): boolean {
  return type === 'repository' && isRepository(name) && [...actions].every(action => ACTION.test(action));
}

/** `team-a/app:action-not-allowed`: the rule that an administrator would have to change. */
function formatShortfall({ name, rule }: DeniedScope): string {
  return isRepository(name) ? `${name}:${rule}` : rule;
}

function formatRequested({ type, name, actions }: RequestedAccess): string {
  return `${type}:${name}:${[...actions].join(',')}`;
}
