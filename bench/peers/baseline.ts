/** A login as it is usually written: the AWS SDK's GetItem and jose's SignJWT on node:http, and no check too many. */
import { hash, randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { generateKeyPair, SignJWT } from 'jose';
import { answerJson, serve } from '../servers/serve.ts';

const client = new DynamoDBClient({});
const { privateKey } = await generateKeyPair('ES256');

serve(async (request, response) => {
  const [, basic = ''] = (request.headers.authorization ?? '').split(' ');
  const [, value = ''] = Buffer.from(basic, 'base64').toString().split(':');
  const Key = { pk: { S: 'account#x' }, sk: { S: `token#${hash('sha256', value)}` } };
  const { Item } = await client.send(
    new GetItemCommand({ TableName: 'pullpass', Key, ConsistentRead: true }),
  );
  if (Item?.hash?.B === undefined) throw new Error('the read did not answer');
  const access = [{ type: 'repository', name: 'team-a/app', actions: ['pull'] }];
  const token = await new SignJWT({ access })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'key-1' })
    .setIssuer('https://pullpass.example')
    .setSubject('token:1')
    .setAudience('registry.example')
    .setIssuedAt()
    .setNotBefore('-60s')
    .setExpirationTime('6m')
    .setJti(randomUUID())
    .sign(privateKey);
  answerJson(response, { token, access_token: token, expires_in: 300 });
});
