/** A creation as it is usually written: jose verifies the administrator's token, the AWS SDK reads the rules of the account and puts twice. */
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { HttpEvent, HttpResult } from '../../lib/http/request.ts';

const { PULLPASS_ISSUERS = '' } = process.env;
const { default: issuers } = (await import(PULLPASS_ISSUERS, { with: { type: 'json' } })) as {
  default: [{ issuer: string; keysUrl: string; audience: string }];
};
const [{ issuer, keysUrl, audience }] = issuers;
const keys = createRemoteJWKSet(new URL(keysUrl));
const client = new DynamoDBClient({});
const TableName = 'pullpass';

export async function handler({ headers, body = '' }: HttpEvent): Promise<HttpResult> {
  const [, bearer = ''] = (headers.authorization ?? '').split(' ');
  const { payload } = await jwtVerify(bearer, keys, { issuer, audience });
  const { access } = JSON.parse(body) as { access: string };
  const pk = { S: `account#${payload.iss}` };
  await client.send(new GetItemCommand({ TableName, Key: { pk, sk: { S: 'rules' } }, ConsistentRead: true }));
  const [id, value] = [randomUUID(), randomBytes(32).toString('base64url')];
  const now = { N: `${Math.floor(Date.now() / 1000)}` };
  const act = {
    pk,
    sk: { S: `audit#${id}` },
    act: { S: 'add-token' },
    subject: { S: `${payload.sub}` },
    at: now,
  };
  await client.send(new PutItemCommand({ TableName, Item: act }));
  const token = {
    pk,
    sk: { S: `token#${id}` },
    hash: { S: hash('sha256', value) },
    access: { S: access },
    createdAt: now,
  };
  await client.send(
    new PutItemCommand({ TableName, Item: token, ConditionExpression: 'attribute_not_exists(pk)' }),
  );
  const json = { id, access, createdAt: now.N, token: value };
  return { statusCode: 201, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
}
