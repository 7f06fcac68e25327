/** A vend as it is usually written: the AWS SDK reads the token, jose signs a credential with HMAC. */
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { SignJWT } from 'jose';
import type { HttpEvent, HttpResult } from '../../lib/http/request.ts';

const client = new DynamoDBClient({});
const key = randomBytes(32);

export async function handler({ headers }: HttpEvent): Promise<HttpResult> {
  const [, value = ''] = (headers.authorization ?? '').split(' ');
  const Key = { pk: { S: 'account#x' }, sk: { S: `token#${hash('sha256', value)}` } };
  const { Item } = await client.send(
    new GetItemCommand({ TableName: 'pullpass', Key, ConsistentRead: true }),
  );
  if (Item?.hash?.B === undefined) throw new Error('the read did not answer');
  const password = await new SignJWT({ access: 'pull', repositories: null })
    .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
    .setSubject('token:1')
    .setExpirationTime('1h')
    .setJti(randomUUID())
    .sign(key);
  const json = { username: 'token', password, registry: 'registry.example', access: 'pull' };
  return { statusCode: 201, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
}
