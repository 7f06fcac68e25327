/**
 * An IAM for one machine, so that Pullpass can be tried without an account anywhere. It exists on loopback only,
 * and Pullpass trusts it as it trusts any issuer: by its keys.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PullpassError } from '../../lib/domain/errors.ts';
import type { Issuer } from '../../lib/domain/identity.ts';
import { encodeResponse, errorResponse } from '../../lib/http/answer.ts';
import { checkLimits, readBody } from '../../lib/http/body.ts';
import type { HttpEvent, HttpResult, Response } from '../../lib/http/request.ts';
import { createRouter } from '../../lib/http/router.ts';
import type { Clock, RandomBytes } from '../../lib/ports/system.ts';
import { ensureAdministratorKey } from './administrator.ts';
import { ApiKeys } from './api-keys.ts';
import { OPERATIONS, type Parts, ROUTES } from './operations.ts';
import { Tokens } from './tokens.ts';

export interface DevelopmentIamOptions {
  /** Of this IAM alone; made when it is missing. */
  readonly directory: string;
  /** `PULLPASS_URL`: the audience of access tokens; with `/iam`, their `iss`. */
  readonly publicUrl: string;
  /** Where this process reaches its own gateway: `http://127.0.0.1:<port>`. */
  readonly internalUrl: string;
  /** Where the operator finds the administrator's API key. */
  readonly administratorKeyFile: string;
  readonly now: Clock;
  readonly randomBytes: RandomBytes;
}

export interface DevelopmentIam {
  /** Answers everything under `/iam/`. Rejects only for unforeseen faults, such as a full disk. */
  readonly handler: (event: HttpEvent) => Promise<HttpResult>;
  readonly issuer: Issuer;
}

/** Opens the IAM in its directory; on the first start it makes its key and the administrator's API key. */
export async function developmentIam(options: DevelopmentIamOptions): Promise<DevelopmentIam> {
  const { directory, publicUrl, internalUrl, administratorKeyFile, now, randomBytes } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const apiKeys = await ApiKeys.open(join(directory, 'api-keys.json'));
  await ensureAdministratorKey({ apiKeys, file: administratorKeyFile, nowMs: now(), randomBytes });
  const issuer: Issuer = {
    key: 'dev',
    issuer: `${publicUrl}/iam`,
    keysUrl: `${internalUrl}/iam/identity/keys`,
    tokenUrl: `${internalUrl}/iam/identity/token`,
    client: null,
    audience: publicUrl,
    claims: { subject: 'iam_id', account: 'account.bss' },
  };
  const keyFile = join(directory, 'signing-key.pem');
  const tokens = await Tokens.open({ keyFile, issuer: issuer.issuer, audience: publicUrl });
  return { handler: eventHandler({ apiKeys, tokens, now, randomBytes }), issuer };
}

function eventHandler(parts: Parts): DevelopmentIam['handler'] {
  const router = createRouter(ROUTES);
  const dispatch = async (event: HttpEvent): Promise<Response> => {
    checkLimits(event);
    const { route, params } = router.match(event.requestContext.http.method, event.rawPath);
    const operation = OPERATIONS[route.operation];
    if (operation === undefined) throw new Error(`no operation ${route.operation}`);
    const { authorization } = event.headers;
    return await operation({ params, authorization, ...readBody(route, event) }, parts);
  };
  return async event => {
    const answer = await dispatch(event).catch((error: unknown) => {
      if (!(error instanceof PullpassError)) throw error;
      return errorResponse(error, 'registry', event.requestContext.requestId);
    });
    return encodeResponse({ ...answer, headers: { 'cache-control': 'no-store', ...answer.headers } });
  };
}
