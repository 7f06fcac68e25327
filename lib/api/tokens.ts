/** The routes of registry tokens, and the revocation of a secret by its holder (RFC 7009). */

import { PullpassError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { single } from '../http/form.ts';
import type { HandlerOf, Request, Response } from '../http/request.ts';
import { addToken, rotateToken } from '../usecases/issue-token.ts';
import {
  changeToken,
  findToken,
  listTokens,
  removeToken,
  retrieveValue,
  type TokenPorts,
} from '../usecases/manage-tokens.ts';
import { type Revoked, type RevokePorts, revoke } from '../usecases/revoke.ts';
import {
  actorOf,
  checkBody,
  foreignCursor,
  idempotencyKeyOf,
  idOf,
  limitOf,
  type ManagementHandlers,
  type ManagementRequest,
  readCursor,
  writeCursor,
} from './parameters.ts';
import type { NewToken, TokenList, TokenValue } from './responses.ts';
import { tokenFilterIn } from './token-filters.ts';
import { tokenObject } from './token-object.ts';
import { ADD_TOKEN, CHANGE_TOKEN, ROTATE_TOKEN } from './token-requests.ts';

export function tokenHandlers(ports: TokenPorts) {
  const now = () => toSeconds(ports.clock());
  return {
    async addToken(request) {
      const token = checkBody(ADD_TOKEN, request.json);
      const { record, value } = await addToken(ports, {
        actor: actorOf(request),
        token,
        idempotencyKey: idempotencyKeyOf(request),
      });
      const json: NewToken = { ...tokenObject(record, now()), token: value.reveal() };
      return { status: 201, headers: { location: `/v1/tokens/${record.id}` }, json };
    },
    listTokens: request => list(ports, request),
    async getToken(request) {
      return ok(tokenObject(await findToken(ports, request.principal.account, idOf(request)), now()));
    },
    async getTokenValue(request) {
      const value = await retrieveValue(ports, actorOf(request), idOf(request));
      return ok({ id: idOf(request), token: value.reveal() } satisfies TokenValue);
    },
    async changeToken(request) {
      const change = checkBody(CHANGE_TOKEN, request.json);
      const record = await changeToken(ports, { actor: actorOf(request), id: idOf(request), change });
      return ok(tokenObject(record, now()));
    },
    async rotateToken(request) {
      const rotation = checkBody(ROTATE_TOKEN, request.json);
      const { record, value } = await rotateToken(ports, {
        actor: actorOf(request),
        id: idOf(request),
        rotation,
        idempotencyKey: idempotencyKeyOf(request),
      });
      return ok({ ...tokenObject(record, now()), token: value.reveal() } satisfies NewToken);
    },
    async removeToken(request) {
      await removeToken(ports, actorOf(request), idOf(request));
      return { status: 204 };
    },
  } satisfies ManagementHandlers;
}

async function list(ports: TokenPorts, request: ManagementRequest): Promise<Response> {
  const { principal, query } = request;
  const { account } = principal;
  const now = toSeconds(ports.clock());
  const filter = tokenFilterIn(query);
  // Of this list alone: with another filter the same place would skip tokens.
  const name = Object.keys(filter).length === 0 ? account : `${account} ${JSON.stringify(filter)}`;
  const cursor = single(query, 'cursor');
  const after = cursor === undefined ? undefined : readCursor(name, cursor);
  // Our cursors are no secret: the store goes on from within what it lists.
  if (after?.startsWith(filter.id ?? '') === false) throw foreignCursor();
  const { records, next } = await listTokens(ports, {
    account,
    limit: limitOf(request),
    after,
    filter,
  });
  return ok({
    tokens: records.map(record => tokenObject(record, now)),
    nextCursor: next === undefined ? null : writeCursor(name, next),
  } satisfies TokenList);
}

function ok(json: unknown): Response {
  return { status: 200, json };
}

export interface RevocationHandlerOptions {
  readonly revoking: RevokePorts;
}

export function revocationHandlers(options: RevocationHandlerOptions) {
  return {
    revoke: (request: Request) => revokeToken(options, request),
  } satisfies { revoke: HandlerOf['public'] };
}

async function revokeToken({ revoking }: RevocationHandlerOptions, request: Request): Promise<Response> {
  const token = single(request.form, 'token');
  if (token === undefined) {
    throw new PullpassError('invalid-request', { detail: 'The parameter token is missing.' });
  }
  const { requestId, sourceAddress } = request;
  const revoked = await revoke(revoking, { secret: new Secret(token), requestId, sourceAddress });
  return { status: 200, event: { level: 'info', message: 'revoked', fields: fieldsOf(revoked) } };
}

/** As in the other events: a token is a subject, a credential has a name. */
function fieldsOf(revoked: Revoked): Record<string, string> {
  const { kind } = revoked;
  if (kind === 'token') return { kind, subject: `token:${revoked.id}`, account: revoked.account };
  return kind === 'credential' ? { kind, credential: revoked.jti } : { kind };
}
