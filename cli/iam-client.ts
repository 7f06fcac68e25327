/** Who the command is to an issuer: a refresh token belongs to the client that it was made for. */
import type { PinnedIssuer } from './target.ts';

/** What a request to the token endpoint holds of it (RFC 6749 section 2.3.1). */
interface Client {
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
}

/** IBM Cloud IAM, whose command line is a client with a secret that is none: without it there is no refresh token. */
const IBM = {
  tokenEndpoint: 'https://iam.cloud.ibm.com/identity/token',
  clientId: 'bx',
  secret: 'bx',
} as const;

export function clientOf({
  tokenEndpoint,
  clientId,
}: Pick<PinnedIssuer, 'tokenEndpoint' | 'clientId'>): Client {
  if (clientId === null) return {};
  const isIbm = tokenEndpoint === IBM.tokenEndpoint && clientId === IBM.clientId;
  if (!isIbm) return { form: { client_id: clientId } };
  const pair = Buffer.from(`${IBM.clientId}:${IBM.secret}`).toString('base64');
  return { headers: { authorization: `Basic ${pair}` } };
}
