/** The issuer of a target: API keys and refresh tokens become access tokens there, and go nowhere else. */
import * as v from 'valibot';
import type { Secret } from '../lib/domain/secret.ts';
import { toSeconds } from '../lib/domain/time.ts';
import { API_KEY_GRANT } from '../lib/iam/token-endpoint.ts';
import { boundedFetch, notUnderstood, readJson } from './bounded-fetch.ts';
import { CliError } from './failure.ts';
import { clientOf } from './iam-client.ts';
import { type IamLogin, optionalSecret, secret } from './stored-login.ts';
import type { PinnedIssuer } from './target.ts';

export interface ExchangeOptions {
  readonly nowMs: number;
  readonly timeoutMs: number;
}

/** RFC 6749 section 5.1. */
const ANSWER = v.object({
  access_token: secret,
  refresh_token: optionalSecret,
  expires_in: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

/** IBM Cloud IAM writes this in the place of a refresh token that it does not give. */
const NONE = 'not_supported';

/** Logs in with an API key. Throws a Failure when the issuer refuses it or does not answer. */
export function exchangeApiKey(
  issuer: PinnedIssuer,
  apiKey: Secret,
  options: ExchangeOptions,
): Promise<IamLogin> {
  const form = { grant_type: API_KEY_GRANT, apikey: apiKey.reveal() };
  return exchange({ issuer, form, what: 'the API key' }, options);
}

/** Renews a login. An issuer that gives no new refresh token lets the old one stay good. */
export async function exchangeRefreshToken(
  issuer: PinnedIssuer,
  refreshToken: Secret,
  options: ExchangeOptions,
): Promise<IamLogin> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken.reveal() };
  const login = await exchange({ issuer, form, what: 'to renew the login' }, options);
  return { ...login, refreshToken: login.refreshToken ?? refreshToken };
}

interface Grant {
  readonly issuer: PinnedIssuer;
  readonly form: Readonly<Record<string, string>>;
  /** What the issuer refuses when it refuses. */
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
  });
  if (status >= 400 && status < 500 && status !== 429) {
    throw new CliError(`The issuer ${issuer.issuer} refuses ${what}.`, { status, code: 'refused-by-issuer' });
  }
  if (status !== 200) {
    throw new CliError(`The issuer ${issuer.issuer} answered with status ${status}.`, {
      status,
      next: 'Try again shortly.',
    });
  }
  const { success, output } = v.safeParse(ANSWER, readJson(text, tokenEndpoint));
  if (!success) throw notUnderstood(tokenEndpoint);
  const refreshToken = output.refresh_token ?? null;
  return {
    kind: 'iam',
    accessToken: output.access_token,
    expiresAt: toSeconds(options.nowMs) + output.expires_in,
    refreshToken: refreshToken?.reveal() === NONE ? null : refreshToken,
  };
}
