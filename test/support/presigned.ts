/** Signature Version 4 for tests, by the library with which AWS's own SDK signs: presigns anything, and checks it. */
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Presigning {
  readonly host: string;
  readonly region: string;
  readonly service?: string;
  readonly path?: string;
  readonly query: Readonly<Record<string, string>>;
  /** Those that are signed, besides `host`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresIn: number;
  readonly signedAtMs: number;
}

/** The URL of a GET request signed with the credentials, with those headers. */
export async function presign(credentials: Credentials, what: Presigning): Promise<string> {
  const { host, region, service = 'sts', path = '/', query, headers, expiresIn, signedAtMs } = what;
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  const request = { method: 'GET', protocol: 'https:', hostname: host, path, query: { ...query } };
  const signed = await signer.presign(
    { ...request, headers: { host, ...headers } },
    { expiresIn, signingDate: new Date(signedAtMs) },
  );
  const pairs = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return `https://${host}${path}?${pairs.join('&')}`;
}

export interface Received {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The id of the access key that a presigned request names. */
export function accessKeyIdOf({ url }: Received): string {
  return parametersOf(url).get('X-Amz-Credential')?.split('/')[0] ?? '';
}

/** Whether a request, as it was received, carries the signature of those credentials. */
export async function isSignedBy(credentials: Credentials, { url, headers }: Received): Promise<boolean> {
  const parameters = parametersOf(url);
  const [, , region = '', service = ''] = parameters.get('X-Amz-Credential')?.split('/') ?? [];
  const names = parameters.get('X-Amz-SignedHeaders')?.split(';') ?? [];
  const signed = names.filter(name => name !== 'host').map(name => [name, String(headers[name] ?? '')]);
  const again = await presign(credentials, {
    host: String(headers.host),
    region,
    service,
    path: url.split('?')[0] ?? '',
    query: Object.fromEntries([...parameters].filter(([name]) => !name.startsWith('X-Amz-'))),
    headers: Object.fromEntries(signed),
    expiresIn: Number(parameters.get('X-Amz-Expires')),
    signedAtMs: instantOf(parameters.get('X-Amz-Date') ?? ''),
  });
  const expected = parametersOf(again);
  return (
    expected.size === parameters.size &&
    [...expected].every(([name, value]) => parameters.get(name) === value)
  );
}

function parametersOf(url: string): Map<string, string> {
  return new Map(new URL(url, 'https://sts.amazonaws.com').searchParams);
}

function instantOf(date: string): number {
  return Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
}
