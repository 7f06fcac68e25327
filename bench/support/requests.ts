/** The requests that the load is made of, as bytes on the wire. */

export const SERVICE = 'registry.example';
export const PEER_CLIENT = { id: 'bench', secret: 'a-secret-of-the-bench' } as const;

const HEADERS = ['host: localhost', 'user-agent: docker/28.2.2', 'accept-encoding: gzip'];

/** What docker sends before it pulls. */
export function loginRequest(value: string): string {
  const query = `account=token&scope=repository%3Ateam-a%2Fapp%3Apull&service=${SERVICE}`;
  return get(`/oauth/token?${query}`, basic('token', value));
}

/** What an agent of a farm sends. */
export function vendRequest(value: string): string {
  const headers = [...HEADERS, `authorization: Bearer ${value}`, 'content-length: 0'];
  return `POST /v1/credentials HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
}

/** What an administrator sends for one more token. */
export function createRequest(bearer: string): string {
  const body = '{"access":"pull"}';
  const headers = [
    ...HEADERS,
    `authorization: ${bearer}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return `POST /v1/tokens HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

export function get(path: string, authorization?: string, more: readonly string[] = []): string {
  const headers = [...HEADERS, ...more];
  if (authorization !== undefined) headers.push(`authorization: ${authorization}`);
  return `GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
}

/** A client-credentials grant (RFC 6749 section 4.4) for a resource (RFC 8707). */
export function peerRequest(): string {
  const body = 'grant_type=client_credentials&resource=urn:registry.example';
  const headers = [
    ...HEADERS,
    `authorization: ${basic(PEER_CLIENT.id, PEER_CLIENT.secret)}`,
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${body.length}`,
  ];
  return `POST /token HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

function basic(userName: string, password: string): string {
  return `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;
}
