/** The most expensive requests that a caller without a good secret can make, as bytes on the wire. */
import { formatRegistryToken } from '../../lib/domain/registry-token.ts';
import { get, SERVICE } from './requests.ts';

export interface WorstInput {
  readonly name: string;
  readonly request: string;
}

const BODY = 65_536;
/** What fits into a head of 16 000 bytes beside the rest of it. */
const HEAD = 15_500;
const JWT = 16_000;
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const UNKNOWN_ID = '01a1fd49-4a6c-7d65-a6e0-bc414b35f7c0';

/** A registry token of the right shape whose id no store has. */
export const UNKNOWN_TOKEN = formatRegistryToken('dev:acme', UNKNOWN_ID, Buffer.alloc(32, 7)).reveal();

export const REFUSED_LOGIN: WorstInput = {
  name: 'a refused login',
  request: get(`/oauth/token?service=${SERVICE}`, basic(UNKNOWN_TOKEN)),
};

/** `signedToken`: one of a configured issuer, whose signature is then broken. */
export function worstInputs(signedToken: string): WorstInput[] {
  return [
    ...forms(),
    ...scopes(),
    ...secrets(signedToken),
    ...queries(),
    ...heads(),
    ...bodies(signedToken),
    ...holders(),
    ...oversight(signedToken),
    ...registries(signedToken),
    ...open(),
  ];
}

function forms(): WorstInput[] {
  const login = (name: string, more: string) => ({ name: `form: ${name}`, request: form(loginForm(more)) });
  return [
    login('64 KB of %41', `&password=${fill('%41')}`),
    login('64 KB of %41 in other fields', `&a=${fill('%41')}`),
    login('64 KB of plus signs', `&password=${fill('+')}`),
    login('64 KB of %C3%A9', `&password=${fill('%C3%A9')}`),
    login('64 KB of %FF', `&password=${fill('%FF')}`),
    login('a broken escape after 64 KB', `&password=${fill('%41')}%4`),
    login('64 KB of é', `&password=${fill('\u00c3\u00a9')}`),
    login('32 000 fields', `&${fill('a&')}`),
    login('12 000 different fields', `&${distinct(i => `${i.toString(36)}=`, '&')}`),
    login('64 KB of ampersands', fill('&')),
    login('64 KB of equals signs', fill('=')),
    login('a password of 64 KB', `&password=${fill('a')}`),
    { name: 'form: 64 KB as another media type', request: post('/oauth/token', fill('%41'), 'text/plain') },
    { name: 'form: revoke, 64 KB of %41', request: post('/oauth/revoke', `token=${fill('%41')}`, FORM) },
    {
      name: 'form: revoke, an unknown token',
      request: post('/oauth/revoke', `token=${UNKNOWN_TOKEN}`, FORM),
    },
    { name: 'form: revoke, 32 000 fields', request: post('/oauth/revoke', fill('a&'), FORM) },
  ];
}

function scopes(): WorstInput[] {
  const login = (name: string, more: string) => ({
    name: `scopes: ${name}`,
    request: form(`${loginForm()}&password=${UNKNOWN_TOKEN}&${more}`),
  });
  return [
    login('7 000 in one field', `scope=${distinct(i => `a:${i.toString(36)}:c`, '+')}`),
    login(
      '7 000 fields',
      distinct(i => `scope=a:${i.toString(36)}:c`, '&'),
    ),
    login('64 KB of spaces', `scope=${fill('+')}`),
    login('32 000 without colons', `scope=${fill('a+')}`),
    login('one, 20 000 times', `scope=${fill('a:b:c+')}`),
    login('20 000 actions', `scope=repository:a/b:${distinct(i => i.toString(36), ',')}`),
    login('100 names of 255 bytes', `scope=${longScopes(100)}`),
    // Shorter than what is parsed only once the secret is verified.
    login('90 short names', `scope=${distinct(i => `repository:${i.toString(36)}a/b:pull`, '+', 2_000)}`),
    login('100 resources with 10 actions each', `scope=${wideScopes()}`),
    login('32 000 empty actions', `scope=repository:a/b:${fill(',')}`),
  ];
}

function secrets(signedToken: string): WorstInput[] {
  const [header = '', payload = '', signature = ''] = signedToken.split('.');
  const jwt = (part: string) => `${header}.${base64url(part)}.${signature}`;
  const login = (name: string, userName: string, password: string) => ({
    name: `secret: ${name}`,
    request: form(`grant_type=password&service=${SERVICE}&username=${userName}&password=${password}`),
  });
  const exchange = `grant_type=${encodeURIComponent('urn:ietf:params:oauth:grant-type:token-exchange')}`;
  const type = `subject_token_type=${encodeURIComponent('urn:ietf:params:oauth:token-type:jwt')}`;
  return [
    login('a payload of [[],[],…]', 'iambearer', jwt(`[${filled('[],', 11_000)}[]]`)),
    login('a payload of members', 'iambearer', jwt(`{${members(11_000)}}`)),
    login('a payload nested 5 000 deep', 'iambearer', jwt('['.repeat(5_000) + ']'.repeat(5_000))),
    login('a header of members', 'iambearer', `${base64url(`{${members(11_000)}}`)}.${payload}.${signature}`),
    login('an API key that the IAM does not know', 'iamapikey', 'unknown'),
    login('a token whose signature is wrong', 'iambearer', forged(signedToken)),
    login('16 KB of dots', 'oidc', `eyJ${filled('.', JWT)}`),
    login('an unknown credential', 'token', `plc_k1.${filled('a', 900)}`),
    login('a token with a wrong checksum', 'token', `${UNKNOWN_TOKEN.slice(0, -1)}0`),
    login('64 KB as a presigned URL', 'awsiam', `https://sts.amazonaws.com/?${fill('a%3D1%26')}`),
    {
      name: 'secret: a payload of [[],[],…] to exchange',
      request: form(`${exchange}&${type}&subject_token=${jwt(`[${filled('[],', 11_000)}[]]`)}`),
    },
    {
      name: 'secret: a token whose signature is wrong to exchange, 100 names of 255 bytes',
      request: form(`${exchange}&${type}&subject_token=${forged(signedToken)}&scope=${longScopes(100)}`),
    },
  ];
}

function queries(): WorstInput[] {
  const login = (name: string, query: string) => ({
    name: `query: ${name}`,
    request: get(`/oauth/token?service=${SERVICE}&${query}`, basic(UNKNOWN_TOKEN)),
  });
  return [
    login('15 KB of %41', `a=${filled('%41', HEAD - 400)}`),
    login('7 500 fields', filled('a&', HEAD - 400)),
    login('1 900 scopes', `scope=${distinct(i => `a:${i.toString(36)}:c`, '+', HEAD - 400)}`),
    {
      name: 'query: 15 KB of %41 without credentials',
      request: get(`/v1/tokens?a=${filled('%41', HEAD - 200)}`),
    },
  ];
}

function heads(): WorstInput[] {
  const headers = distinct(i => `${i.toString(36)}:1`, '\r\n', 7_000);
  return [
    {
      name: 'head: 1 100 headers',
      request: get('/oauth/token').replace('\r\n\r\n', `\r\n${headers}\r\n\r\n`),
    },
    {
      name: 'head: one header, 1 400 times',
      request: get('/oauth/token').replace('\r\n\r\n', `\r\n${filled('a:1\r\n', 7_000)}\r\n`),
    },
    { name: 'head: 16 000 bytes', request: get(`/${filled('a', 15_900)}`) },
    { name: 'head: a path of 15 KB', request: get(`/v1/tokens/${filled('a', HEAD)}/value`) },
    { name: 'head: a path of 7 500 segments', request: get(`/v1/tokens/${filled('a/', HEAD)}`) },
    { name: 'head: Basic of 15 KB', request: get('/oauth/token', `Basic ${filled('YTph', HEAD)}`) },
    { name: 'head: Bearer of 15 KB', request: get('/v1/tokens', `Bearer ${filled('a', HEAD)}`) },
    { name: 'head: an unknown path', request: get('/nothing') },
    { name: 'head: a method that the path lacks', request: get('/v1/credentials') },
  ];
}

function bodies(signedToken: string): WorstInput[] {
  const bad = `Bearer ${forged(signedToken)}`;
  const json = (name: string, body: string, authorization?: string) => ({
    name: `body: ${name}`,
    request: post('/v1/tokens', body, JSON_TYPE, authorization),
  });
  return [
    json('64 KB of [[],[],…], no credentials', `[${fill('[],')}[]]`),
    json('64 KB of members, no credentials', `{${members(BODY - 200)}}`),
    json('64 KB of [[],[],…], a bad token', `[${fill('[],')}[]]`, bad),
    json('30 000 deep, a bad token', '['.repeat(30_000) + ']'.repeat(30_000), bad),
    {
      name: 'body: 64 KB of members to vend, an unknown token',
      request: post('/v1/credentials', `{${members(BODY - 200)}}`, JSON_TYPE, `Bearer ${UNKNOWN_TOKEN}`),
    },
    { name: 'body: 65 537 bytes', request: post('/oauth/token', filled('a', BODY + 1), FORM) },
    { name: 'body: 1 000 000 bytes', request: post('/oauth/token', filled('a', 1_000_000), FORM) },
    { name: 'body: 64 KB in 64 chunks', request: chunked(1024, 64) },
    { name: 'body: 4 000 chunks of a byte', request: chunked(1, 4_000) },
    { name: 'body: 64 KB where none is taken', request: post('/nothing', fill('a'), FORM) },
  ];
}

/** Who holds a token looks after it. */
function holders(): WorstInput[] {
  const own = (name: string, path: string, authorization: string) => ({
    name: `holder: ${name}`,
    request: get(path, authorization),
  });
  const rotate = (name: string, body: string) => ({
    name: `holder: ${name}`,
    request: post('/v1/token/rotate', body, JSON_TYPE, basic(UNKNOWN_TOKEN)),
  });
  return [
    own('an unknown token', '/v1/token', basic(UNKNOWN_TOKEN)),
    own('an unknown credential', '/v1/token', `Bearer plc_k1.${filled('a', 900)}`),
    own('15 KB of %41, an unknown token', `/v1/token?a=${filled('%41', HEAD - 400)}`, basic(UNKNOWN_TOKEN)),
    rotate('64 KB of [[],[],…] to rotate, an unknown token', `[${fill('[],')}[]]`),
    rotate('64 KB of members to rotate, an unknown token', `{${members(BODY - 200)}}`),
  ];
}

/** What administrators see and set. */
function oversight(signedToken: string): WorstInput[] {
  const bad = `Bearer ${forged(signedToken)}`;
  const put = (request: string) => request.replace('POST', 'PUT');
  return [
    { name: 'oversight: 15 KB of audit filters', request: get(`/v1/audit?${filters(HEAD - 1_500)}`, bad) },
    { name: 'oversight: 7 500 labels', request: get(`/v1/tokens?${filled('label=a&', HEAD - 1_500)}`, bad) },
    { name: 'oversight: the issuers', request: get('/v1/issuers', bad) },
    {
      name: 'oversight: 64 KB of claims to explain',
      request: post('/v1/explain', `{"claims":{${members(BODY - 1_500)}}}`, JSON_TYPE, bad),
    },
    {
      name: 'oversight: 64 KB of [[],[],…] to explain, no credentials',
      request: post('/v1/explain', `[${fill('[],')}[]]`, JSON_TYPE),
    },
    {
      name: 'oversight: 64 KB of labels to ensure',
      request: put(post('/v1/tokens/by-name/team', `{"labels":{${members(BODY - 1_500)}}}`, JSON_TYPE, bad)),
    },
    {
      name: 'oversight: 64 KB of rules',
      request: put(post('/v1/rules', `[${fill('[],')}[]]`, JSON_TYPE, bad)),
    },
  ];
}

/** What registries report, and what is pulled through the proxy. */
function registries(signedToken: string): WorstInput[] {
  const [, payload = '', signature = ''] = signedToken.split('.');
  const events = (name: string, body: string, authorization?: string) => ({
    name: `registry: ${name}`,
    request: post(`/v1/services/${SERVICE}/events`, body, JSON_TYPE, authorization),
  });
  const pull = (name: string, authorization: string, path = 'team-a/app/manifests/latest') => ({
    name: `registry: ${name}`,
    request: get(`/v2/${path}`, authorization),
  });
  const jws = (header: string) => `Bearer ${base64url(header)}.${payload}.${signature}`;
  return [
    events('64 KB of events, no credentials', `{"events":[${fill('{},')}{}]}`),
    events('64 KB of events, a wrong secret', `{"events":[${fill('{},')}{}]}`, basic('a-wrong-secret')),
    events('64 KB of [[],[],…] as events, a wrong secret', `[${fill('[],')}[]]`, basic('a-wrong-secret')),
    pull('a pull with Basic', basic(UNKNOWN_TOKEN)),
    pull('a pull with Basic of 15 KB', `Basic ${filled('YTph', HEAD)}`),
    pull('a pull with Bearer of 15 KB', `Bearer ${filled('a', HEAD)}`),
    pull('a pull with the token of an IAM', `Bearer ${signedToken}`),
    pull('a pull with a header of members', jws(`{${members(11_000)}}`)),
    pull('a pull with a header of [[],[],…]', jws(`[${filled('[],', 11_000)}[]]`)),
    pull('a pull with a key that no one knows', jws('{"alg":"ES256","kid":"unknown"}')),
    pull('a pull by a path of 950 segments', basic(UNKNOWN_TOKEN), `${filled('a/', 1_900)}manifests/latest`),
  ];
}

/** Of every name that there is. */
function filters(length: number): string {
  return filled('target=a&subject=a&act=a&since=a&until=a&limit=1&cursor=a&', length);
}

function open(): WorstInput[] {
  return [
    { name: 'open: an anonymous login', request: get(`/oauth/token?service=${SERVICE}`) },
    {
      name: 'open: an anonymous login, 100 names of 255 bytes',
      request: get(`/oauth/token?service=${SERVICE}&scope=${longScopes(100).slice(0, HEAD - 400)}`),
    },
    {
      name: 'open: an anonymous login by form, 100 names of 255 bytes',
      request: form(`${anonymousForm()}&scope=${longScopes(100)}`),
    },
    {
      name: 'open: an anonymous login by form, 100 resources with 10 actions each',
      request: form(`${anonymousForm()}&scope=${wideScopes()}`),
    },
    { name: 'open: health', request: get('/health') },
    { name: 'open: all keys', request: get('/.well-known/jwks.json') },
    { name: 'open: keys of a service', request: get(`/v1/services/${SERVICE}/jwks.json`) },
    { name: 'open: certificates of a service', request: get(`/v1/services/${SERVICE}/rootcertbundle.pem`) },
    { name: 'open: metadata', request: get('/.well-known/oauth-authorization-server') },
    { name: 'open: the description of the API', request: get('/openapi.json') },
  ];
}

function loginForm(more = ''): string {
  return `grant_type=password&service=${SERVICE}&username=token${more}`;
}

function anonymousForm(): string {
  return `grant_type=password&service=${SERVICE}&username=&password=`;
}

function form(body: string): string {
  return post('/oauth/token', body, FORM);
}

function post(path: string, body: string, type: string, authorization?: string): string {
  const head = get(path, authorization).replace('GET', 'POST').slice(0, -2);
  return `${head}content-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function chunked(size: number, count: number): string {
  const head = get('/oauth/token').replace('GET', 'POST').slice(0, -2);
  const chunk = `${size.toString(16)}\r\n${filled('a', size)}\r\n`;
  return `${head}content-type: ${FORM}\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(count)}0\r\n\r\n`;
}

function basic(password: string): string {
  return `Basic ${Buffer.from(`token:${password}`).toString('base64')}`;
}

/** The largest body that is not refused for its size, less what stands around the text. */
function fill(text: string): string {
  return filled(text, BODY - 200);
}

function filled(text: string, length: number): string {
  return text.repeat(Math.floor(length / text.length));
}

/** As many different texts as fit. */
function distinct(text: (index: number) => string, separator: string, length = BODY - 400): string {
  const texts: string[] = [];
  for (let i = 0, used = 0; ; i++) {
    used += text(i).length + separator.length;
    if (used > length) return texts.join(separator);
    texts.push(text(i));
  }
}

function members(length: number): string {
  return distinct(i => `"${i.toString(36)}":1`, ',', length);
}

function longScopes(count: number): string {
  const name = (i: number) => `team-${i}/${'a'.repeat(240)}`;
  return Array.from({ length: count }, (_, i) => `repository:${name(i)}:pull,push`).join('+');
}

function wideScopes(): string {
  const actions = Array.from({ length: 10 }, (_, i) => `action${i}`).join();
  return Array.from({ length: 100 }, (_, i) => `repository:team-${i}/app:${actions}`).join('+');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** The same length and shape, with another signature. */
function forged(token: string): string {
  const start = token.lastIndexOf('.') + 1;
  return token.slice(0, start) + 'A'.repeat(token.length - start);
}
