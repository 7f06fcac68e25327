/** The credential routes: vending, token exchange (RFC 8693), and revoking (RFC 7009). */

import Negotiator from 'negotiator';
import { type Access, parseScopes } from '../domain/access.ts';
import { CREDENTIAL_LIFE_SECONDS } from '../domain/credential.ts';
import { PullpassError } from '../domain/errors.ts';
import { isPattern, type Pattern } from '../domain/repository.ts';
import { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import { toRfc3339 } from '../domain/time.ts';
import { type Form, single } from '../http/form.ts';
import type { Handlers, Request, Response } from '../http/request.ts';
import type { Log, Metrics } from '../ports/system.ts';
import { type Revoked, type RevokePorts, revoke } from '../usecases/revoke.ts';
import { type Vended, type VendPorts, vendCredential } from '../usecases/vend-credential.ts';
import { checkBody } from './body.ts';
import {
  type Format,
  type FormatName,
  formatNamed,
  formatOfMediaType,
  MEDIA_TYPES,
} from './credential-formats.ts';
import type { ExchangedCredential } from './credential-responses.ts';
import { callerOf, serviceNamed } from './parameters.ts';
import { VEND_CREDENTIAL } from './requests.ts';

export interface CredentialOperationOptions {
  readonly vending: VendPorts;
  readonly revoking: RevokePorts;
  readonly services: readonly Service[];
  readonly log: Log;
  readonly metrics: Metrics;
}

export function credentialOperations(options: CredentialOperationOptions): Handlers {
  const { vending, revoking, services, log } = options;
  return {
    async vendCredential(call) {
      const { service: name, format: named, ...wish } = checkBody(VEND_CREDENTIAL, call.json);
      const service = serviceNamed(name, services);
      const format = formatOf(call, named);
      const vended = await vendCredential(vending, { caller: callerOf(call), service, ...wish });
      recordVended(options, call, vended);
      return answerOf(vended, format);
    },
    async revoke(call) {
      const token = single(call.form, 'token');
      if (token === undefined) {
        throw new PullpassError('invalid-request', { detail: 'The parameter token is missing.' });
      }
      const { requestId, sourceAddress } = call;
      const revoked = await revoke(revoking, { secret: new Secret(token), requestId, sourceAddress });
      log.info('revoked', { requestId, sourceAddress, ...endedBy(revoked) });
      return { status: 200 };
    },
  };
}

/** In the words of the other events: a token is a subject, a credential has a name. */
function endedBy(revoked: Revoked): Record<string, string> {
  const { kind } = revoked;
  if (kind === 'token') return { kind, subject: `token:${revoked.id}`, account: revoked.account };
  return kind === 'credential' ? { kind, credential: revoked.jti } : { kind };
}

/** The body names the format, or else `Accept` does (RFC 9110 section 12.5.1); what it does not know is JSON. */
function formatOf({ headers }: Request, named: FormatName | undefined): Format {
  if (named !== undefined) return formatNamed(named);
  const accepted = new Negotiator({ headers }).mediaType([...MEDIA_TYPES]);
  return formatOfMediaType(accepted) ?? formatNamed('json');
}

function answerOf(vended: Vended, { mediaType, write }: Format): Response {
  const body = write(vended);
  const content = typeof body === 'string' ? { text: body } : { json: body };
  return { status: 201, headers: { 'content-type': mediaType }, ...content };
}

export interface TokenExchangeOptions {
  readonly ports: VendPorts;
  readonly services: readonly Service[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What is issued is a password, and no access token (RFC 8693 section 2.2.1: `token_type` N_A). */
const ISSUED_TYPE = 'urn:pullpass:token-type:credential';

/** Nothing here acts for somebody else, and a parameter that is not understood must not be passed over. */
const NOT_OFFERED = ['actor_token', 'actor_token_type', 'resource'] as const;

const MAX_PATTERNS = 32;

/** `audience` or `service` names the registry; every scope is `repository:<pattern>:pull` or `…:pull,push`. */
export async function exchangeToken(
  { ports, services, ...telemetry }: TokenExchangeOptions,
  call: Request,
): Promise<Response> {
  checkParameters(call);
  const service = serviceNamed(targetOf(call.form), services);
  const wish = wishOf(call.form.get('scope') ?? []);
  const expiresInSeconds = CREDENTIAL_LIFE_SECONDS.default;
  const vended = await vendCredential(ports, { caller: callerOf(call), service, expiresInSeconds, ...wish });
  recordVended(telemetry, call, vended);
  return { status: 200, json: tokenAnswer(vended) };
}

/** What stands elsewhere than in the form could be a bound that the client believes in. */
function checkParameters({ form, query }: Request): void {
  if (query.size > 0) throw invalid('The parameters of a token exchange stand in the form.');
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
 * A credential has one access for all its repositories. A scope that cannot be read asks a login for nothing; here it
 * would be a bound that is passed over.
 */
function wishOf(values: readonly string[]): { access: Access; repositories: readonly Pattern[] | null } {
  const words = values.flatMap(value => value.split(' ')).filter(word => word !== '');
  if (words.length === 0) return { access: 'pull', repositories: null };
  const scopes = parseScopes(words);
  const [access, ...others] = new Set(scopes.map(({ actions }) => accessOf(actions)));
  const repositories = scopes.map(({ name }) => name);
  const isReadable =
    words.every(word => parseScopes([word]).length === 1) &&
    access !== undefined &&
    others.length === 0 &&
    scopes.every(({ type, name }) => type === 'repository' && isPattern(name)) &&
    scopes.length <= MAX_PATTERNS;
  if (isReadable) return { access, repositories };
  const example = 'repository:team-a/app:pull or repository:team-a/*:pull,push';
  throw invalid(`Every scope must be like ${example}, with the same actions, and at most ${MAX_PATTERNS}.`);
}

function accessOf(actions: ReadonlySet<string>): Access | undefined {
  const others = [...actions].filter(action => action !== 'pull' && action !== 'push');
  if (others.length > 0 || actions.size === 0) return undefined;
  return actions.has('push') ? 'push' : 'pull';
}

function tokenAnswer({ password, access, repositories, endsAt, vendedAt }: Vended): ExchangedCredential {
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

export function recordVended(
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  { requestId, sourceAddress, presented }: Request,
  vended: Vended,
): void {
  const { jti, subject, account, service, access, repositories, alsoPull, endsAt } = vended;
  log.info('vended', {
    requestId,
    sourceAddress,
    userName: presented.kind,
    registryService: service.name,
    account,
    subject,
    credential: jti,
    access,
    repositories: repositories?.join(' ') ?? null,
    alsoPull: alsoPull?.join(' ') ?? null,
    expiresAt: toRfc3339(endsAt),
  });
  metrics.count('Vended');
}
