/** The calls of a login as they ship, to wherever a client of the SDK points. */
import { randomBytes } from 'node:crypto';
import { type AwsCall, awsClient } from '../../lib/aws/client.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Table } from '../../lib/store/calls.ts';
import { leanLoginCalls } from '../../lib/store/lean-calls.ts';
import type { LoginCalls } from '../../lib/store/login-store.ts';

export async function leanLoginCallsOf(at: Pick<Table, 'client'>): Promise<LoginCalls> {
  return leanLoginCalls(await leanCallOf(at));
}

export async function leanCallOf({ client }: Pick<Table, 'client'>): Promise<AwsCall> {
  const { region, endpoint, credentials } = client.config;
  const { accessKeyId, secretAccessKey } = await credentials();
  const { protocol, hostname, port } = (await endpoint?.()) ?? {};
  return awsClient('dynamodb', {
    region: await region(),
    endpoint: `${protocol}//${hostname}:${port}`,
    credentials: { accessKeyId, secretAccessKey: new Secret(secretAccessKey), sessionToken: undefined },
    clock: Date.now,
    randomBytes,
  });
}
