/** A login at the public URL, with the access token verified as a registry verifies it. */
import * as v from 'valibot';
import { KEY_SET, LOGIN } from '../api/public-responses.ts';
import { type PublicKeys, verifyAccessToken } from './access-token.ts';
import { breach } from './checks.ts';
import { basic, type Deployment, type ProbeRequest, UnexpectedResponse } from './deployment.ts';

/** What an access token says that its holder may do. */
const ACCESS = v.array(v.object({ type: v.string(), name: v.string(), actions: v.array(v.string()) }));

/** How a login is asked for. */
export interface LoginOptions {
  /** Undefined: anonymous. */
  readonly password: string | undefined;
  readonly service: string;
  readonly repository: string;
  readonly actions: string;
}

export interface Login {
  readonly accessToken: string;
  /** The actions that it grants, as `name:action`. */
  readonly granted: readonly string[];
}

/** Where the keys of services are, as registries fetch them. */
export async function publishedKeys(deployment: Deployment, service: string): Promise<PublicKeys> {
  const of = `GET /v1/services/${service}`;
  const jwks = await deployment.ask(KEY_SET, { line: `${of}/jwks.json` as ProbeRequest['line'] });
  const bundle = await deployment.expect([200, 404], {
    line: `${of}/rootcertbundle.pem` as ProbeRequest['line'],
  });
  return { jwks, bundle: bundle.status === 200 ? bundle.text : undefined };
}

export function loginRequest({ password, service, repository, actions }: LoginOptions): ProbeRequest {
  const query = new URLSearchParams({ service, scope: `repository:${repository}:${actions}` });
  return {
    line: `GET /oauth/token?${query}`,
    authorization: password === undefined ? undefined : basic('token', password),
  };
}

/** Throws unless the login succeeds with an access token that its registry would accept. */
export async function logIn(
  deployment: Deployment,
  options: LoginOptions,
  { keys, nowMs }: { readonly keys: PublicKeys; readonly nowMs: number },
): Promise<Login> {
  const { token } = await deployment.ask(LOGIN, loginRequest(options));
  const expected = { ...keys, issuer: deployment.url, service: options.service, nowMs };
  const { access } = await verifyAccessToken(token, expected);
  const granted = v.parse(ACCESS, access);
  return {
    accessToken: token,
    granted: granted.flatMap(({ name, actions }) => actions.map(action => `${name}:${action}`)),
  };
}

/** The login must be refused, or grant nothing of `forbidden`. What it grants is read without trust in its signature. */
export async function assertNotGranted(
  deployment: Deployment,
  options: LoginOptions,
  forbidden: (granted: string) => boolean,
): Promise<void> {
  const request = loginRequest(options);
  const received = await deployment.answer(request);
  if (received.status === 401 || received.status === 403) return;
  if (received.status !== 200) throw new UnexpectedResponse(request, received);
  const granted = grantedIn(received.text);
  if (granted === undefined) throw new UnexpectedResponse(request, received);
  if (granted.some(forbidden)) throw breach(request, `granted ${granted.filter(forbidden).join(', ')}`);
}

function grantedIn(text: string): string[] | undefined {
  try {
    const { token } = v.parse(LOGIN, JSON.parse(text));
    const [, payload = ''] = token.split('.');
    const { access } = v.parse(
      v.object({ access: ACCESS }),
      JSON.parse(Buffer.from(payload, 'base64url').toString()),
    );
    return access.flatMap(({ name, actions }) => actions.map(action => `${name}:${action}`));
  } catch {
    return undefined;
  }
}
