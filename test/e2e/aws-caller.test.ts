/** AWS callers log in to the running product: users make the passwords, and moto's STS checks them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Credentials } from '../support/presigned.ts';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './support/directories.ts';
import { MOTO_ACCOUNT, Moto } from './support/moto.ts';
import { run } from './support/processes.ts';
import { type Answer, Pullpass } from './support/pullpass.ts';

const REGION = 'eu-central-1';
const ADMINISTRATOR = `arn:aws:iam::${MOTO_ACCOUNT}:user/ops/alice`;
const BUILDER = `arn:aws:iam::${MOTO_ACCOUNT}:role/builder`;

/** As in the README: the SDK of AWS for Python presigns the request. */
const PRESIGN_IN_PYTHON = `
import sys
import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

region, server = sys.argv[1:]
sts = f"https://sts.{region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
request = AWSRequest("GET", sts, headers={"x-pullpass-server-id": server})
SigV4QueryAuth(boto3.Session().get_credentials(), "sts", region, expires=300).add_auth(request)
print(request.url)
`;

let home: string;
let moto: Moto;
let pullpass: Pullpass;
let alice: Credentials;
const endings: (() => Promise<void>)[] = [];

beforeAll(async () => {
  home = await newDirectory('aws');
  endings.push(() => removeDirectory(home));
  moto = await Moto.start();
  endings.push(() => moto.stop());
  const issuers = join(home, 'issuers.json');
  await writeFile(issuers, JSON.stringify([{ key: 'aws', kind: 'aws', endpoint: moto.url }]));
  pullpass = await Pullpass.create({
    PULLPASS_ISSUERS: issuers,
    PULLPASS_ADMINISTRATORS: `aws:aws:${MOTO_ACCOUNT}:${ADMINISTRATOR}`,
  });
  endings.push(() => pullpass.destroy());
  await pullpass.start();
  alice = await moto.user('/ops/', 'alice');
  expect(await manage('PUT', '/v1/namespaces/team-a')).toMatchObject({ status: 201 });
});
afterAll(async () => {
  for (const end of endings.reverse()) await end();
});

function environmentOf({ accessKeyId, secretAccessKey, sessionToken }: Credentials): NodeJS.ProcessEnv {
  return {
    ...bareEnvironment(home),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
}

type Presign = (credentials: Credentials, url?: string) => Promise<string>;

const byCommand: Presign = async (credentials, url = pullpass.url) => {
  const args = ['run', '--silent', 'aws-proof', '--', '--url', url, '--region', REGION];
  const { code, output } = await run('npm', args, { cwd: PROJECT, env: environmentOf(credentials) });
  expect(code, output).toBe(0);
  return output.trimEnd();
};

const byPython: Presign = async (credentials, url = pullpass.url) => {
  const args = ['-c', PRESIGN_IN_PYTHON, REGION, url];
  const { code, output } = await run(moto.python, args, { env: environmentOf(credentials) });
  expect(code, output).toBe(0);
  return output.trimEnd();
};

function manage(method: string, path: string, body?: object): Promise<Answer> {
  return byCommand(alice).then(proof => manageWith(proof, method, path, body));
}

async function manageWith(proof: string, method: string, path: string, body?: object): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`awsiam:${proof}`).toString('base64')}`;
  const response = await fetch(pullpass.url + path, {
    method,
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === '' ? null : JSON.parse(text) };
}

async function granted(proof: string, scope: string): Promise<unknown> {
  const { status, json } = await pullpass.logIn('awsiam', proof, { service: 'localhost:5000', scope });
  expect(status, JSON.stringify(json)).toBe(200);
  return JSON.parse(Buffer.from(json.token.split('.')[1], 'base64url').toString('utf8')).access;
}

const PULL_AND_PUSH = 'repository:team-a/app:pull,push';

describe.each([
  ['npm run aws-proof', byCommand],
  ['the SDK of AWS for Python', byPython],
])('with a password made by %s', (_, presign) => {
  it('an administrator manages once with a proof, and logs in with it repeatedly', async () => {
    const proof = await presign(alice);
    const identity = await manageWith(proof, 'GET', '/v1/identity');
    expect(identity).toMatchObject({ status: 200 });
    expect(JSON.stringify(identity.json)).toContain(`aws:${ADMINISTRATOR}`);
    expect(await manageWith(proof, 'GET', '/v1/identity')).toMatchObject({ status: 401 });
    for (const _again of [1, 2]) {
      expect(await granted(proof, PULL_AND_PUSH)).toEqual([
        { type: 'repository', name: 'team-a/app', actions: ['pull', 'push'] },
      ]);
    }
  });

  it('a role gets what its policy grants, under any session name', async () => {
    const policy = { subject: BUILDER, role: 'reader', repositories: ['team-a/*'] };
    expect(await manage('POST', '/v1/policies', policy)).toMatchObject({ status: 201 });
    for (const session of ['agent-7', 'agent-8']) {
      const credentials = await moto.assumeRole(`arn:aws:iam::${MOTO_ACCOUNT}:role/farm/builder`, session);
      expect(await granted(await presign(credentials), PULL_AND_PUSH)).toEqual([
        { type: 'repository', name: 'team-a/app', actions: ['pull'] },
      ]);
    }
  });

  it('a role of the same name in another account gets nothing', async () => {
    const credentials = await moto.assumeRole('arn:aws:iam::999999999999:role/builder', 'agent-7');
    expect(await granted(await presign(credentials), PULL_AND_PUSH)).toEqual([]);
  });

  it('a proof for another deployment or with a wrong secret is refused', async () => {
    const stranger = await presign(alice, 'https://other.example');
    const forged = await presign({ ...alice, secretAccessKey: 'a-guess' });
    for (const proof of [stranger, forged]) {
      expect(await pullpass.logIn('awsiam', proof)).toMatchObject({ status: 401 });
      expect(await manageWith(proof, 'GET', '/v1/identity')).toMatchObject({ status: 401 });
    }
  });
});
