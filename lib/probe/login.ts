/** A login at the public URL, with the access token verified as a registry with the published keys does. */

import { X509Certificate } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import * as v from 'valibot';
import { KEY_SET, LOGIN } from '../api/public-responses.ts';
import { messageOf } from '../domain/errors.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import { breach } from './checks.ts';
import { basic, type Deployment, type ProbeRequest, UnexpectedResponse } from './deployment.ts';

/** What a deployment publishes of the keys of a service. */
export interface PublicKeys {
  readonly jwks: JSONWebKeySet;
  /** PEM; undefined: the tokens of this service carry no certificate. */
  readonly bundle: string | undefined;
}

export interface Expectation extends PublicKeys {
  /** `PULLPASS_URL`. */
  readonly issuer: string;
  readonly service: string;
  readonly nowMs: number;
}

/** The certificates of a bundle. Throws an Error when one cannot be read, or there is none. */
export function certificatesIn(bundle: string): readonly X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('The published bundle holds no certificate.');
  try {
    return blocks.map(block => new X509Certificate(block));
  } catch (error) {
    throw new Error(`The published bundle cannot be read: ${messageOf(error)}`);
  }
}

/** The claims of the token. Throws an Error that says what is wrong with it. */
export async function verifyAccessToken(token: string, expected: Expectation): Promise<JWTPayload> {
  const { jwks, bundle, issuer, service, nowMs } = expected;
  const { protectedHeader, payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer,
    audience: service,
    algorithms: ['ES256', 'RS256'],
    requiredClaims: ['exp', 'nbf', 'iat', 'jti', 'access'],
    currentDate: new Date(nowMs),
    // What distribution allows (registry/auth/token/token.go).
    clockTolerance: MINUTE_SECONDS,
  }).catch((error: unknown) => {
    throw new Error(`The access token does not verify with the published keys: ${messageOf(error)}.`);
  });
  if (bundle !== undefined) await verifyChain(token, protectedHeader.x5c ?? [], { bundle, nowMs });
  return payload;
}

/** The leaf that the token carries must be certified by a root of the bundle, and its key must have signed the token. */
async function verifyChain(
  token: string,
  [text]: readonly string[],
  { bundle, nowMs }: { readonly bundle: string; readonly nowMs: number },
): Promise<void> {
  if (text === undefined) throw new Error('The access token has no certificate, and its registry needs one.');
  const leaf = new X509Certificate(Buffer.from(text, 'base64'));
  const isCertified = certificatesIn(bundle).some(root => leaf.verify(root.publicKey));
  if (!isCertified) throw new Error("The access token's certificate is from none of the published roots.");
  if (nowMs < Date.parse(leaf.validFrom) || nowMs >= Date.parse(leaf.validTo)) {
    throw new Error(
      `The access token's certificate is valid from ${leaf.validFrom} to ${leaf.validTo}, which is not now.`,
    );
  }
  await jwtVerify(token, leaf.publicKey, {
    currentDate: new Date(nowMs),
    clockTolerance: MINUTE_SECONDS,
  }).catch(() => {
    throw new Error('The access token was not signed with the key of its certificate.');
  });
}

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
