/** Signature Version 4, byte for byte. */
import type { IncomingMessage } from 'node:http';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { amzDate, presignedUrl, requestSigner } from '../../lib/aws/signature.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { parseAwsAssertion } from '../../lib/iam/aws-assertion.ts';
import { withServer } from '../support/interfere.ts';
import { presign } from '../support/presigned.ts';

interface Signed {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const LONG_LIVED = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

/** A request as the SDK signs it, with headers of its own choosing. */
async function signedBySdk(
  region: string,
  credentials: typeof LONG_LIVED & { sessionToken?: string },
  name: string,
): Promise<Signed> {
  const { promise, resolve } = Promise.withResolvers<Signed>();
  const server = await withServer(async (request, response) => {
    resolve({ headers: request.headers, body: Buffer.concat(await request.toArray()).toString() });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
  });
  const { protocol, hostname, port } = (await server.client.config.endpoint?.()) ?? {};
  const client = new DynamoDBClient({ region, credentials, endpoint: `${protocol}//${hostname}:${port}` });
  await client.send(new GetItemCommand({ TableName: name, Key: { pk: { S: 'ä "\\ %' } } }));
  client.destroy();
  await server.close();
  return promise;
}

const SCOPE = { region: 'us-east-1', service: 'dynamodb' };

function signedByUs({ headers, body }: Signed, region: string, credentials: typeof LONG_LIVED): string {
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  const covered = Object.fromEntries(names.split(';').map(name => [name, String(headers[name])]));
  const secretAccessKey = new Secret(credentials.secretAccessKey);
  const sign = requestSigner(
    { region, service: 'dynamodb' },
    { ...credentials, secretAccessKey, sessionToken: undefined },
  );
  return sign({ ...covered, 'x-amz-date': String(headers['x-amz-date']) }, body);
}

describe('a signature', () => {
  it.each([
    ['of long-lived credentials', 'us-east-1', LONG_LIVED, 'pullpass'],
    [
      'of temporary credentials',
      'eu-central-1',
      { ...LONG_LIVED, sessionToken: 'FwoGZXIvYXdzEBY//+=' },
      'pullpass',
    ],
    ['in another partition', 'cn-north-1', { ...LONG_LIVED, secretAccessKey: 'x'.repeat(40) }, 'a-b.c_D'],
  ])('%s is the one that the SDK makes', async (_, region, credentials, name) => {
    const signed = await signedBySdk(region, credentials, name);
    expect(signedByUs(signed, region, credentials)).toBe(signed.headers.authorization);
  });

  it('is of its day: the key of yesterday is not used again', () => {
    const secretAccessKey = new Secret(LONG_LIVED.secretAccessKey);
    const credentials = { ...LONG_LIVED, secretAccessKey, sessionToken: undefined };
    const reused = requestSigner(SCOPE, credentials);
    for (const day of ['20261121', '20261122', '20261121']) {
      const headers = { host: 'h', 'x-amz-date': `${day}T070000Z` };
      expect(reused(headers, '{}')).toBe(requestSigner(SCOPE, credentials)(headers, '{}'));
    }
  });
});

it('writes the time as AWS reads it', () => {
  expect(amzDate(Date.UTC(2026, 10, 21, 7, 5, 9, 87))).toBe('20261121T070509Z');
});

describe('a presigned URL', () => {
  const headers = { 'x-pullpass-server-id': 'https://pullpass.example' };
  const query = { Action: 'GetCallerIdentity', Version: '2011-06-15' };

  it.each([
    ['of long-lived credentials', 'eu-central-1', LONG_LIVED],
    ['of temporary credentials', 'us-east-1', { ...LONG_LIVED, sessionToken: 'FwoGZXIvYXdzEBY//+=' }],
    ['in another partition', 'cn-north-1', { ...LONG_LIVED, secretAccessKey: 'x'.repeat(40) }],
  ])('%s is the one that the SDK makes', async (_, region, credentials) => {
    const host = `sts.${region}.amazonaws.com`;
    const nowMs = Date.UTC(2026, 10, 28, 12, 0, 7);
    const wanted = await presign(credentials, {
      ...{ host, region, query, headers },
      expiresIn: 301,
      signedAtMs: nowMs,
    });
    const { accessKeyId, secretAccessKey, ...rest } = credentials;
    const sessionToken = 'sessionToken' in rest ? new Secret(rest.sessionToken) : undefined;
    const ours = { accessKeyId, secretAccessKey: new Secret(secretAccessKey), sessionToken };
    const request = { host, headers, query, expiresInSeconds: 301, nowMs };
    const url = new URL(presignedUrl({ region, service: 'sts' }, ours, request));
    expect([url.origin, url.pathname]).toEqual([`https://${host}`, '/']);
    // The SDK has them in no order.
    expect(new Map(url.searchParams)).toEqual(new Map(new URL(wanted).searchParams));
  });

  it('is an assertion that a deployment accepts, with its parameters in their one encoding', () => {
    const nowMs = Date.UTC(2026, 10, 28);
    const credentials = {
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      secretAccessKey: new Secret(LONG_LIVED.secretAccessKey),
      sessionToken: new Secret(`IQoJb3/+${'A'.repeat(600)}==`),
    };
    const host = 'sts.eu-central-1.amazonaws.com';
    const request = { host, headers, query, expiresInSeconds: 300, nowMs };
    const url = presignedUrl({ region: 'eu-central-1', service: 'sts' }, credentials, request);
    const assertion = parseAwsAssertion(url, nowMs);
    expect(url.startsWith(`https://${host}/?${assertion.query.slice(0, 60)}`)).toBe(true);
    expect(assertion.host.name).toBe(host);
  });
});
