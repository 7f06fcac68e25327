/** The issuer of a target exchanges API keys and refresh tokens for access tokens; they are sent nowhere else. */

import { Secret } from '../lib/domain/secret.ts';
import { HOUR_SECONDS, toSeconds } from '../lib/domain/time.ts';
import { API_KEY_GRANT } from '../lib/iam/token-endpoint.ts';
import { type IssuedTokens, readTokenResponse } from '../lib/iam/token-response.ts';
import { CliError } from './errors.ts';
import { boundedFetch, unexpectedResponse } from './http.ts';
import type { IamLogin } from './login.ts';
import type { Network } from './network.ts';
import type { PinnedIssuer } from './target.ts';

export interface ExchangeOptions {
  readonly nowMs: number;
  readonly timeoutMs: number;
  readonly network: Network;
}

/** For an access token that does not say how long it is valid. */
const ASSUMED_LIFE_SECONDS = HOUR_SECONDS;

/** IBM's command line is a client whose secret is public: without it IBM Cloud IAM gives no refresh token. */
const IBM = {
  tokenEndpoint: 'https://iam.cloud.ibm.com/identity/token',
  clientId: 'bx',
  secret: 'bx',
} as const;

/** Logs in with an API key. Throws CliError when the issuer refuses it or does not answer. */
export function exchangeApiKey(
  issuer: PinnedIssuer,
  apiKey: Secret,
  options: ExchangeOptions,
): Promise<IamLogin> {
  const form = { grant_type: API_KEY_GRANT, apikey: apiKey.reveal() };
  return exchange({ issuer, form, what: 'the API key' }, options);
}

/** Renews a login. Where the issuer gives no new refresh token, the old one remains valid. */
export async function exchangeRefreshToken(
  issuer: PinnedIssuer,
  refreshToken: Secret,
  options: ExchangeOptions,
): Promise<IamLogin> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken.reveal() };
  const login = await exchange({ issuer, form, what: 'to renew the login' }, options);
  return { ...login, refreshToken: login.refreshToken ?? refreshToken };
}

/** How the command identifies itself at a token endpoint (RFC 6749 section 2.3.1). */
export function clientOf({ tokenEndpoint, clientId }: Pick<PinnedIssuer, 'tokenEndpoint' | 'clientId'>): {
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
} {
  if (clientId === null) return {};
  const isIbm = tokenEndpoint === IBM.tokenEndpoint && clientId === IBM.clientId;
  if (!isIbm) return { form: { client_id: clientId } };
  const pair = Buffer.from(`${IBM.clientId}:${IBM.secret}`).toString('base64');
  return { headers: { authorization: `Basic ${pair}` } };
}

interface Grant {
  readonly issuer: PinnedIssuer;
  readonly form: Readonly<Record<string, string>>;
  /** The end of "The issuer … refuses". */
  readonly what: string;
}

async function exchange({ issuer, form, what }: Grant, options: ExchangeOptions): Promise<IamLogin> {
  const { tokenEndpoint } = issuer;
  const client = clientOf(issuer);
  const { status, text } = await boundedFetch(tokenEndpoint, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...client.headers,
    },
    body: new URLSearchParams({ ...form, ...client.form }).toString(),
    timeoutMs: options.timeoutMs,
    network: options.network,
  });
  const answer = readTokenResponse(status, text);
  if (answer.kind === 'refused') {
    throw new CliError(`The issuer ${issuer.issuer} refuses ${what}.`, { status, code: 'refused-by-issuer' });
  }
  if (answer.kind === 'issued') return loginWith(answer.tokens, options.nowMs);
  if (status === 200) throw unexpectedResponse(tokenEndpoint, { problem: 'it holds no access token' });
  throw new CliError(`The issuer ${issuer.issuer} answered with status ${status}.`, {
    status,
    next:
      status >= 500 || status === 429
        ? 'Try again shortly.'
        : `Ask the operator of the deployment whether ${tokenEndpoint} is the token endpoint.`,
  });
}

function loginWith({ accessToken, refreshToken, lifeSeconds }: IssuedTokens, nowMs: number): IamLogin {
  return {
    kind: 'iam',
    accessToken: new Secret(accessToken),
    expiresAt: toSeconds(nowMs) + (lifeSeconds ?? ASSUMED_LIFE_SECONDS),
    refreshToken: refreshToken === null ? null : new Secret(refreshToken),
  };
}
