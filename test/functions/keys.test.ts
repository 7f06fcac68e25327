/** A deployment whose keys are in Secrets Manager and KMS: made, used, changed and replaced while it runs. */
import { randomBytes } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeys } from '../../lib/compose/keys.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import type { Received } from '../support/events.ts';
import { LoopbackAws, REGION, refused } from '../support/loopback-aws.ts';
import { SERVICE } from '../support/records.ts';

const STAGE = 'pullpass-test';
const KMS_KEY = `arn:aws:kms:${REGION}:123456789012:key/12345678-abcd-1234-abcd-1234567890ab`;
const MINUTE = 60;

let aws: LoopbackAws;
let deployment: Deployment;
let keys: (event: unknown) => Promise<object>;
beforeEach(async () => {
  aws = await LoopbackAws.start();
  aws.macKeys.set(KMS_KEY, randomBytes(32));
  const secret = `arn:aws:secretsmanager:${REGION}:123456789012:secret:${STAGE}`;
  deployment = await deploy({
    environment: {
      PULLPASS_KEYS: secret,
      PULLPASS_CREDENTIAL_KEY: `${secret}/credential`,
      PULLPASS_DERIVATION_KEY: KMS_KEY,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.endpoint,
      AWS_ENDPOINT_URL_KMS: aws.endpoint,
    },
  });
  const handler = createKeys(deployment.world);
  keys = event => handler(event, { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 300_000 });
});
afterEach(async () => {
  await deployment.close();
  await aws.close();
});

async function aToken(): Promise<{ id: string; token: string }> {
  const alice = deployment.as(ALICE);
  await alice('PUT /v1/namespaces/team-a');
  return (await alice('POST /v1/tokens', { json: { access: 'push', nonExpiring: true } })).json;
}

async function jwks(): Promise<JSONWebKeySet> {
  return (await deployment.send(`GET /v1/services/${SERVICE.name}/jwks.json`)).json;
}

/** Verified by what is published. Answers the key's name. */
async function verified(login: Received): Promise<unknown> {
  expect(login.status).toBe(200);
  const currentDate = new Date(Date.now());
  await jwtVerify(login.json.token, createLocalJWKSet(await jwks()), { currentDate });
  return decodeProtectedHeader(login.json.token).kid;
}

const credentialBy = (token: string) =>
  deployment.send('POST /v1/credentials', { bearer: token, json: { expiresInSeconds: 43_200 } });

describe('with copies of its keys in another region', () => {
  const ELSEWHERE = 'eu-west-1';
  const copying = () => {
    const handler = createKeys(deployment.worldWith({ PULLPASS_COPY_REGION: ELSEWHERE }));
    return (event: unknown) =>
      handler(event, { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 300_000 });
  };
  const replicated = () => aws.requests.filter(({ operation }) => operation === 'ReplicateSecretToRegions');

  it('makes each new secret with one, and none is left to be made later', async () => {
    await copying()({ maintain: true });
    expect(aws.names.length).toBeGreaterThan(3);
    for (const name of aws.names) expect([name, aws.copiesOf(name)]).toEqual([name, [ELSEWHERE]]);
    expect(replicated()).toEqual([]);
  });

  it('makes those of the secrets that were there before, at the next maintenance and once', async () => {
    await keys({ maintain: true });
    for (const name of aws.names) expect(aws.copiesOf(name)).toEqual([]);
    await copying()({ maintain: true });
    await copying()({ maintain: true });
    for (const name of aws.names) expect([name, aws.copiesOf(name)]).toEqual([name, [ELSEWHERE]]);
    expect(replicated()).toHaveLength(aws.names.length);
  });

  it('fails its run, after the keys were maintained, when a copy cannot be made, so that an alarm rings', async () => {
    aws.instead = ({ operation }) =>
      operation === 'DescribeSecret' ? refused('InternalServiceError', 500) : undefined;
    await expect(copying()({ maintain: true })).rejects.toThrow(/keys are without a copy/);
    expect(aws.names.length).toBeGreaterThan(3);
  });

  it('does not wait for the other region at a deployment', async () => {
    aws.instead = ({ operation }) =>
      /Describe|Replicate/.test(operation) ? refused('InternalServiceError', 500) : undefined;
    const request = {
      RequestType: 'Create',
      ResponseURL: 'https://127.0.0.1:9/',
      StackId: 's',
      RequestId: 'r',
      LogicalResourceId: 'Rings',
    };
    await copying()(request).catch(() => undefined);
    expect(aws.requests.filter(({ operation }) => /Describe|Replicate/.test(operation))).toEqual([]);
    expect(aws.names.length).toBeGreaterThan(3);
  });
});

describe('without keys', () => {
  it('nothing is signed and nothing published; the keys function makes them', async () => {
    const { token } = await aToken();
    expect((await deployment.logIn(token)).status).toBe(503);
    expect((await deployment.send('GET /.well-known/jwks.json')).status).toBe(503);
    expect((await credentialBy(token)).status).toBe(503);
    await keys({ maintain: true });
    expect(aws.names).toEqual(
      ['credential', ...['public', 'ring', 'root'].map(kind => `${kind}/localhost=3A5000`)].map(
        name => `${STAGE}/${name}`,
      ),
    );
    deployment.wait(10);
    await verified(await deployment.logIn(token, 'repository:team-a/app:pull'));
    expect((await credentialBy(token)).status).toBe(201);
    const bundle = await deployment.send(`GET /v1/services/${SERVICE.name}/rootcertbundle.pem`);
    expect(bundle.text).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });
});

describe('with keys', () => {
  beforeEach(() => keys({ maintain: true }));

  it('each function reads its own secrets and no other', async () => {
    const readBy = async (act: () => Promise<unknown>) => {
      aws.requests.length = 0;
      await act();
      return [...new Set(aws.requests.map(({ input }) => input.SecretId ?? input.KeyId))];
    };
    const { token } = await aToken();
    expect(await readBy(() => deployment.logIn(token))).toEqual([`${STAGE}/ring/localhost=3A5000`]);
    expect(await readBy(jwks)).toEqual([`${STAGE}/public/localhost=3A5000`]);
    expect(await readBy(() => credentialBy(token))).toEqual([`${STAGE}/credential`]);
    expect(await readBy(aToken)).toEqual([KMS_KEY]);
  });

  it('a value is made again by KMS, and not at all when KMS does not answer', async () => {
    const { id, token } = await aToken();
    const alice = deployment.as(ALICE);
    expect((await alice(`GET /v1/tokens/${id}/value`)).json.token).toBe(token);
    aws.instead = ({ operation }) =>
      operation === 'GenerateMac' ? refused('KMSInternalException', 500) : undefined;
    expect((await alice(`GET /v1/tokens/${id}/value`)).status).toBe(503);
    expect((await alice('POST /v1/tokens', { json: {} })).status).toBe(503);
    expect((await alice('POST /v1/tokens', { json: { retrievable: false } })).status).toBe(201);
    expect((await deployment.logIn(token)).status).toBe(200);
  });

  it('a leaf that is activated signs within ten minutes, and what was signed before stays good', async () => {
    const { token } = await aToken();
    const before = await deployment.logIn(token);
    const first = await verified(before);
    await keys({ activate: SERVICE.name });
    deployment.wait(4 * MINUTE);
    expect(await verified(before)).toBe(first);
    deployment.wait(6 * MINUTE);
    expect(await verified(await deployment.logIn(token))).not.toBe(first);
  });

  it('keys that are replaced are published no more within a minute, and sign no more within ten', async () => {
    const { token } = await aToken();
    const before = await deployment.logIn(token);
    await keys({ replace: SERVICE.name });
    deployment.wait(MINUTE);
    await expect(verified(before)).rejects.toThrow(/no applicable key/);
    deployment.wait(9 * MINUTE);
    await verified(await deployment.logIn(token));
  });

  it('the credential key changes, and every login succeeds', async () => {
    const { token } = await aToken();
    const old = (await credentialBy(token)).json.password;
    const logInBoth = async (...passwords: string[]) => {
      for (const password of passwords) expect((await deployment.logIn(password)).status).toBe(200);
    };
    await logInBoth(old);
    expect(await keys({ rotateCredentialKey: true })).toMatchObject({ credentialKeys: { added: ['k2'] } });
    for (let minute = 0; minute < 40; minute++) {
      deployment.wait(MINUTE);
      await logInBoth(old, (await credentialBy(token)).json.password);
    }
    const young = (await credentialBy(token)).json.password;
    expect([old.split('.')[0], young.split('.')[0]]).toEqual(['plc_k1', 'plc_k2']);
    deployment.wait(43_200 - 41 * MINUTE);
    await logInBoth(old, young);
    deployment.wait(32 * MINUTE);
    expect(await keys({ maintain: true })).toMatchObject({ credentialKeys: { removed: ['k1'] } });
    await logInBoth(young);
  });

  it('logins go on while Secrets Manager throttles', async () => {
    const { token } = await aToken();
    const credential = (await credentialBy(token)).json.password;
    await deployment.logIn(token);
    await deployment.logIn(credential);
    aws.instead = () => refused('ThrottlingException');
    for (let waited = 0; waited < 1170; waited += 45) {
      deployment.wait(45);
      expect((await deployment.logIn(token)).status).toBe(200);
      expect((await deployment.logIn(credential)).status).toBe(200);
    }
  });

  it('neither answers nor logs show a key', async () => {
    const answers = [
      await keys({ activate: SERVICE.name }),
      await keys({ replace: SERVICE.name }),
      await keys({ rotateCredentialKey: true }),
      await keys({ source: 'aws.events' }),
    ];
    const written = JSON.stringify(answers) + deployment.logs.join('');
    const secrets = aws.names.flatMap(name => (aws.textOf(name) ?? '').match(/[A-Za-z0-9+/_-]{43,}/g) ?? []);
    const published = JSON.stringify(await jwks());
    const named = secrets.filter(text => !published.includes(text));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(text => written.includes(text))).toEqual([]);
    const logged = deployment.logs.flatMap(line => line.trim().split('\n')).map(line => JSON.parse(line));
    const of = logged.filter(({ message }) => message === 'keys-maintained').map(entry => entry.of);
    expect([of.slice(0, 2).sort(), of.slice(2, 5), of.slice(5).sort()]).toEqual([
      ['credential', SERVICE.name],
      [SERVICE.name, SERVICE.name, 'credential'],
      ['credential', SERVICE.name],
    ]);
  });
});

it('does not start without credentials of AWS when its keys are there', async () => {
  const world = deployment.worldWith({ AWS_ACCESS_KEY_ID: undefined });
  expect(() => createKeys(world)).toThrow(/AWS_ACCESS_KEY_ID is missing/);
});
