/** What the development IAM answers, in the shapes of the IAM that it stands in for. */
import * as v from 'valibot';
import { PullpassError, unauthenticated } from '../../lib/domain/errors.ts';
import { isIdentifierValue } from '../../lib/domain/identifiers.ts';
import { toSeconds } from '../../lib/domain/time.ts';
import { parseAuthorization } from '../../lib/http/credentials.ts';
import { type Form, single } from '../../lib/http/form.ts';
import type { Response, Route } from '../../lib/http/request.ts';
import { API_KEY_GRANT } from '../../lib/iam/token-endpoint.ts';
import type { Clock, RandomBytes } from '../../lib/ports/system.ts';
import { isAdministratorKey } from './administrator.ts';
import { type ApiKey, type ApiKeys, newApiKey } from './api-keys.ts';
import { ACCESS_TOKEN_SECONDS, type Tokens } from './tokens.ts';

export interface Parts {
  readonly apiKeys: ApiKeys;
  readonly tokens: Tokens;
  readonly now: Clock;
  readonly randomBytes: RandomBytes;
}

interface IamRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly form: Form;
  readonly json: unknown;
  readonly authorization: string | undefined;
}

export type IamHandler = (call: IamRequest, parts: Parts) => Response | Promise<Response>;

const route = (method: Route['method'], path: string, body: Route['body'], operation: string): Route => ({
  method,
  path,
  body,
  operation,
  authentication: 'public',
  errors: 'registry',
});

/** Public to the gateway: who may do what is decided in the operations. */
export const ROUTES: readonly Route[] = [
  route('GET', '/iam/identity/keys', 'none', 'keys'),
  route('POST', '/iam/identity/token', 'form', 'token'),
  route('POST', '/iam/v1/apikeys', 'json', 'createApiKey'),
  route('DELETE', '/iam/v1/apikeys/{id}', 'none', 'removeApiKey'),
];

export const OPERATIONS: Readonly<Record<string, IamHandler>> = {
  keys: (_, { tokens }) => ({ status: 200, json: tokens.keySet() }),
  token: issueTokens,
  createApiKey,
  removeApiKey,
};

const Text = v.pipe(v.string(), v.maxLength(256));
const Identifier = v.custom<string>(isIdentifierValue);
const CreateApiKey = v.strictObject({ iam_id: Identifier, account_id: Identifier, name: Text });

/** By grant type: the API key that the request proves. */
const GRANTS: Readonly<Record<string, (form: Form, parts: Parts) => Promise<ApiKey | undefined>>> = {
  [API_KEY_GRANT]: async (form, { apiKeys }) => apiKeys.withValue(single(form, 'apikey') ?? ''),
  refresh_token: async (form, { apiKeys, tokens, now }) => {
    const id = await tokens.apiKeyIdOf(single(form, 'refresh_token') ?? '', toSeconds(now()));
    return id === undefined ? undefined : apiKeys.withId(id);
  },
};

/** RFC 6749 sections 5.1 and 5.2. */
async function issueTokens({ form }: IamRequest, parts: Parts): Promise<Response> {
  const grantType = single(form, 'grant_type') ?? '';
  const grant = Object.hasOwn(GRANTS, grantType) ? GRANTS[grantType] : undefined;
  if (grant === undefined) return oauthError('unsupported_grant_type', 'The grant type is not supported.');
  const key = await grant(form, parts);
  if (key === undefined) return oauthError('invalid_grant', 'The API key or refresh token is not valid.');
  const now = toSeconds(parts.now());
  return {
    status: 200,
    json: {
      access_token: await parts.tokens.accessToken(key, now),
      refresh_token: await parts.tokens.refreshToken(key, now),
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
      expiration: now + ACCESS_TOKEN_SECONDS,
    },
  };
}

function oauthError(error: string, description: string): Response {
  return { status: 400, json: { error, error_description: description } };
}

async function createApiKey({ authorization, json }: IamRequest, parts: Parts): Promise<Response> {
  requireAdministrator(authorization, parts.apiKeys);
  const body = v.safeParse(CreateApiKey, json);
  if (!body.success) throw new PullpassError('invalid-request');
  const { iam_id: iamId, account_id: account, name } = body.output;
  const { key, value } = newApiKey({ iamId, account, name }, parts.now(), parts.randomBytes);
  await parts.apiKeys.add(key);
  return { status: 201, json: { id: key.id, apikey: value } };
}

async function removeApiKey({ authorization, params }: IamRequest, { apiKeys }: Parts): Promise<Response> {
  requireAdministrator(authorization, apiKeys);
  const key = apiKeys.withId(params.id ?? '');
  if (key === undefined) throw new PullpassError('not-found');
  await apiKeys.remove(({ id }) => id === key.id);
  return { status: 204 };
}

/** Throws `unauthenticated` without an API key, `forbidden` with that of another user. */
function requireAdministrator(header: string | undefined, apiKeys: ApiKeys): void {
  const authorization = parseAuthorization(header);
  const isApiKey = authorization?.scheme === 'basic' && authorization.userName === 'iamapikey';
  const key = isApiKey ? apiKeys.withValue(authorization.password.reveal()) : undefined;
  if (key === undefined) throw unauthenticated('no API key of this IAM');
  if (!isAdministratorKey(key)) throw new PullpassError('forbidden');
}
