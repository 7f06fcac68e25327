/** Ten minutes without DynamoDB's control plane, Secrets Manager or KMS: none of ten thousand logins fails. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeys } from '../../lib/compose/keys.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { type AwsRequest, LoopbackAws, REGION, refused } from '../support/loopback-aws.ts';
import { SERVICE } from '../support/records.ts';

const LOGINS = 10_000;
const OUTAGE_SECONDS = 600;
const TABLE_ID = 'the-id-of-the-table';
const KMS_KEY = `arn:aws:kms:${REGION}:123456789012:key/12345678-abcd-1234-abcd-1234567890ab`;

/** What each of them does, by its operations. */
const SERVICES: Readonly<Record<string, (operation: string) => boolean>> = {
  "DynamoDB's control plane": operation => operation === 'DescribeTable',
  'Secrets Manager': operation => /Secret/.test(operation),
  KMS: operation => operation === 'GenerateMac',
};

let aws: LoopbackAws;
let deployment: Deployment;
let keys: (event: object) => Promise<object>;
let ledger: Readonly<Record<string, object>>;
let isDown: (operation: string) => boolean;
let fault: 'answers 500' | 'hangs';

/** The ledger's table as DynamoDB answers for it: the attestation is all that a login reads there. */
function dynamo({ operation, input }: AwsRequest) {
  if (operation === 'DescribeTable') return { status: 200, body: { Table: { TableId: TABLE_ID } } };
  if (operation === 'GetItem') return { status: 200, body: { Item: ledger[input.Key.sk.S] } };
  if (operation !== 'UpdateItem') return undefined;
  if (input.Key.sk.S.startsWith('attested#')) {
    const at = { N: String(Date.now()) };
    ledger = { ...ledger, [input.Key.sk.S]: { at, id: { S: TABLE_ID }, replicated: { N: '0' } } };
  }
  return { status: 200, body: {} };
}

beforeEach(async () => {
  aws = await LoopbackAws.start();
  aws.macKeys.set(KMS_KEY, randomBytes(32));
  [ledger, isDown, fault] = [{}, () => false, 'answers 500'];
  aws.instead = request => {
    if (!isDown(request.operation)) return dynamo(request);
    return fault === 'hangs' ? 'never' : refused('InternalServerError', 500);
  };
  const secret = `arn:aws:secretsmanager:${REGION}:123456789012:secret:pullpass-test`;
  const keysOnAws = {
    PULLPASS_KEYS: secret,
    PULLPASS_CREDENTIAL_KEY: `${secret}/credential`,
    PULLPASS_DERIVATION_KEY: KMS_KEY,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.endpoint,
    AWS_ENDPOINT_URL_KMS: aws.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: aws.endpoint,
    PULLPASS_LEDGER: `arn:aws:dynamodb:${REGION}:123456789012:table/pullpass-ledger`,
  };
  deployment = await deploy({ environment: keysOnAws });
  const handler = createKeys(deployment.world);
  keys = event => handler(event, { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 300_000 });
  await deployment.table.put({ pk: 'table', sk: 'identity', id: TABLE_ID });
  await keys({ maintain: true });
});
afterEach(async () => {
  await deployment.close();
  await aws.close();
});

/** Logins with a token and with a credential in turn, spread over so many seconds, and the schedules meanwhile. */
async function logIn(count: number, seconds: number, secrets: readonly string[]): Promise<number> {
  let failed = 0;
  for (let i = 0; i < count; i++) {
    if (i % (count / 2) === 1) {
      void keys({ attest: true });
      void keys({ maintain: true }).catch(() => undefined);
    }
    const { status } = await deployment.logIn(secrets[i % secrets.length] ?? '');
    if (status !== 200) failed++;
    deployment.wait(seconds / count);
    if (i % 5 === 0) await new Promise(setImmediate);
  }
  return failed;
}

describe.each(Object.entries(SERVICES))('while %s', (name, isOf) => {
  it.each(['answers 500', 'hangs'] as const)(
    `%s for ten minutes, none of ${LOGINS} logins fails`,
    async how => {
      const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: { nonExpiring: true } })).json;
      const json = { service: SERVICE.name, expiresInSeconds: 43_200 };
      const { password } = (await deployment.send('POST /v1/credentials', { bearer: token, json })).json;
      // The caches are of every age when it begins.
      expect(await logIn(1000, 290, [token, password])).toBe(0);
      aws.requests.length = 0;
      [isDown, fault] = [isOf, how];
      const begun = performance.now();
      const failed = await logIn(LOGINS, OUTAGE_SECONDS, [token, password]);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      const asked = aws.requests.filter(({ operation }) => isOf(operation)).length;
      console.log(
        `${name} ${how}: ${failed} of ${LOGINS} logins failed; it was asked ${asked} times; ${seconds} s`,
      );
      expect(failed).toBe(0);
      expect(asked > 0 || name === 'KMS').toBe(true);
      isDown = () => false;
      expect(await logIn(100, 60, [token, password])).toBe(0);
    },
    120_000,
  );
});
