import { PullpassError } from '../domain/errors.ts';
import { toRfc3339 } from '../domain/time.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import { forIdentities } from '../http/authenticate.ts';
import { single } from '../http/form.ts';
import type { Handlers, IdentityRequest, Response } from '../http/request.ts';
import { addToken, rotateToken } from '../usecases/issue-token.ts';
import {
  changeToken,
  findToken,
  listTokens,
  removeToken,
  retrieveValue,
  type TokenPorts,
} from '../usecases/manage-tokens.ts';
import { checkBody } from './body.ts';
import { actorOf, readCursor, writeCursor } from './parameters.ts';
import { ADD_TOKEN, CHANGE_TOKEN, ROTATE_TOKEN } from './requests.ts';
import type { NewToken, Token, TokenList, TokenValue } from './responses.ts';

const PAGE = { default: 50, max: 200 } as const;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export function tokenOperations(ports: TokenPorts): Handlers {
  return {
    addToken: forIdentities(async call => {
      const token = checkBody(ADD_TOKEN, call.json);
      const request = { actor: actorOf(call), token, idempotencyKey: idempotencyKeyOf(call) };
      const { record, value } = await addToken(ports, request);
      const headers = { location: `/v1/tokens/${record.id}` };
      const json: NewToken = { ...tokenObject(record), token: value.reveal() };
      return { status: 201, headers, json };
    }),
    listTokens: forIdentities(call => list(ports, call)),
    getToken: forIdentities(async call => {
      return ok(tokenObject(await findToken(ports, call.identity.account, idOf(call))));
    }),
    getTokenValue: forIdentities(async call => {
      const value = await retrieveValue(ports, actorOf(call), idOf(call));
      return ok({ id: idOf(call), token: value.reveal() } satisfies TokenValue);
    }),
    changeToken: forIdentities(async call => {
      const change = checkBody(CHANGE_TOKEN, call.json);
      return ok(tokenObject(await changeToken(ports, { actor: actorOf(call), id: idOf(call), change })));
    }),
    rotateToken: forIdentities(async call => {
      const rotation = checkBody(ROTATE_TOKEN, call.json);
      const request = {
        actor: actorOf(call),
        id: idOf(call),
        rotation,
        idempotencyKey: idempotencyKeyOf(call),
      };
      const { record, value } = await rotateToken(ports, request);
      return ok({ ...tokenObject(record), token: value.reveal() } satisfies NewToken);
    }),
    removeToken: forIdentities(async call => {
      await removeToken(ports, actorOf(call), idOf(call));
      return { status: 204 };
    }),
  };
}

async function list(ports: TokenPorts, { identity: { account }, query }: IdentityRequest): Promise<Response> {
  const cursor = single(query, 'cursor');
  const after = cursor === undefined ? undefined : readCursor(account, cursor);
  const { records, next } = await listTokens(ports, {
    account,
    limit: limitOf(single(query, 'limit')),
    after,
  });
  return ok({
    tokens: records.map(tokenObject),
    nextCursor: next === undefined ? null : writeCursor(account, next),
  } satisfies TokenList);
}

/** The token as callers see it: never its value, its hash or its salt. */
function tokenObject(record: TokenRecord): Token {
  const { id, description, access, repositories, createdAt, createdBy, expiresAt, lastUsedAt } = record;
  return {
    id,
    description,
    access,
    repositories,
    createdAt: toRfc3339(createdAt),
    createdBy,
    expiresAt: expiresAt === null ? null : toRfc3339(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : toRfc3339(lastUsedAt),
    disabled: record.disabled !== null,
    retrievable: record.derivation !== null,
  };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return PAGE.default;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= PAGE.max) return limit;
  throw new PullpassError('invalid-request', {
    detail: 'The query is not valid; see errors.',
    problems: [{ path: 'limit', message: `must be a whole number from 1 to ${PAGE.max}` }],
  });
}

function idempotencyKeyOf({ headers }: IdentityRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return key;
  throw new PullpassError('invalid-request', {
    detail: 'An Idempotency-Key has 1 to 255 printable ASCII characters.',
  });
}

function idOf({ params }: IdentityRequest): string {
  return params.id ?? '';
}

function ok(json: unknown): Response {
  return { status: 200, json };
}
