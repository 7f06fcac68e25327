/** Token exchange (RFC 8693), by which a login endpoint vends a credential; and the event of every vended credential. */

import { type Access, parseScopes } from '../domain/access.ts';
import { CREDENTIAL_LIFE_SECONDS } from '../domain/credential.ts';
import { PullpassError } from '../domain/errors.ts';
import { type Principal, vendContext } from '../domain/principal.ts';
import { isPattern, patternProblem } from '../domain/repository.ts';
import type { Service } from '../domain/service.ts';
import { toRfc3339 } from '../domain/time.ts';
import { type Form, single } from '../http/form.ts';
import type { PendingLogin, Request, RequestEvent } from '../http/request.ts';
import type { Metrics } from '../ports/system.ts';
import {
  type Vended,
  type VendPorts,
  type VendRequest,
  vendCredential,
} from '../usecases/vend-credential.ts';
import type { ExchangedCredential } from './public-responses.ts';
import { serviceMeant } from './services.ts';

export interface TokenExchangeOptions {
  readonly ports: VendPorts;
  readonly services: readonly Service[];
  readonly metrics: Metrics;
}

/** A password, and no access token (RFC 8693 section 2.2.1: `token_type` N_A). */
const ISSUED_TYPE = 'urn:pullpass:token-type:credential';

/** Delegation to an actor is not offered, and a parameter that is not understood must not be ignored. */
const NOT_OFFERED = ['actor_token', 'actor_token_type', 'resource'] as const;

const MAX_PATTERNS = 32;

/** `audience` or `service` names the registry; every scope is `repository:<pattern>:pull` or `…:pull,push`. */
export function pendingExchange(options: TokenExchangeOptions, request: Request): PendingLogin {
  checkParameters(request);
  const service = serviceMeant(targetOf(request.form), options.services);
  const expiresInSeconds = CREDENTIAL_LIFE_SECONDS.default;
  return {
    context: vendContext(service.name),
    async answer(principal) {
      const bounds = boundsOf(request.form.get('scope') ?? []);
      const vended = await vendCredential(options.ports, { principal, service, expiresInSeconds, ...bounds });
      options.metrics.count('Vended');
      return { status: 200, json: responseOf(vended), event: vendedEvent(principal, vended) };
    },
  };
}

/** A parameter outside the form could be a bound that the client relies on. */
function checkParameters({ form, query }: Request): void {
  if (query.size > 0) throw invalid('The parameters of a token exchange belong in the form.');
  const unknown = NOT_OFFERED.find(name => form.has(name));
  if (unknown !== undefined) throw invalid(`The parameter ${unknown} is not offered here.`);
  const wanted = single(form, 'requested_token_type');
  if (wanted !== undefined && wanted !== ISSUED_TYPE) throw invalid(`Only ${ISSUED_TYPE} is issued here.`);
}

function targetOf(form: Form): string | undefined {
  const [audience, service] = [single(form, 'audience'), single(form, 'service')];
  if (audience !== undefined && service !== undefined && audience !== service) {
    throw invalid('The parameters audience and service name two registries.');
  }
  return audience ?? service;
}

/**
 * A credential has one access for all its repositories. A login ignores a scope that it cannot read; here that would
 * drop a bound.
 */
function boundsOf(values: readonly string[]): Pick<VendRequest, 'access' | 'repositories'> {
  const scopes = parseScopes(values);
  const words = values.flatMap(value => value.split(' ')).filter(word => word !== '');
  if (words.length === 0) return { access: 'pull', repositories: null };
  const [access, ...others] = new Set(scopes.map(({ actions }) => accessOf(actions)));
  const repositories = scopes.map(({ name }) => name);
  const isReadable =
    words.every(word => parseScopes([word]).length === 1) &&
    access !== undefined &&
    others.length === 0 &&
    scopes.every(({ type, name }) => type === 'repository' && isPattern(name)) &&
    scopes.length <= MAX_PATTERNS;
  if (isReadable) return { access, repositories };
  throw unreadable(repositories);
}

/** The detail may quote a name, so the log gets a reason without it. */
function unreadable(repositories: readonly string[]): PullpassError {
  const [problem] = repositories.flatMap(name => patternProblem(name) ?? []);
  const example = 'repository:team-a/app:pull or repository:team-a/*:pull,push';
  const rule = `Every scope must be like ${example}, with the same actions, and at most ${MAX_PATTERNS}.`;
  const detail = problem === undefined ? rule : `${rule} The repository ${problem}.`;
  return new PullpassError('invalid-request', { detail, reason: 'a scope that no credential can have' });
}

function accessOf(actions: ReadonlySet<string>): Access | undefined {
  const others = [...actions].filter(action => action !== 'pull' && action !== 'push');
  if (others.length > 0 || actions.size === 0) return undefined;
  return actions.has('push') ? 'push' : 'pull';
}

function responseOf({ password, access, repositories, endsAt, vendedAt }: Vended): ExchangedCredential {
  const actions = access === 'push' ? 'pull,push' : 'pull';
  const scope = repositories?.map(pattern => `repository:${pattern}:${actions}`).join(' ');
  return {
    access_token: password.reveal(),
    issued_token_type: ISSUED_TYPE,
    token_type: 'N_A',
    expires_in: endsAt - vendedAt,
    ...(scope === undefined ? {} : { scope }),
  };
}

function invalid(detail: string): PullpassError {
  return new PullpassError('invalid-request', { detail });
}

export function vendedEvent(
  { userName, account, subject }: Principal,
  { jti, service, access, repositories, alsoPull, endsAt }: Vended,
): RequestEvent {
  const fields = {
    userName,
    registryService: service.name,
    account,
    subject,
    credential: jti,
    access,
    repositories: repositories?.join(' ') ?? null,
    alsoPull: alsoPull?.join(' ') ?? null,
    expiresAt: toRfc3339(endsAt),
  };
  return { level: 'info', message: 'vended', fields };
}
