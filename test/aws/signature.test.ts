/** Signature Version 4, byte for byte. */
import type { IncomingMessage } from 'node:http';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { amzDate, requestSigner } from '../../lib/aws/signature.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { withServer } from '../support/interfere.ts';

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
