/** The function that vends: what it can do without, and what each request costs. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createCredentials } from '../../lib/compose/credentials.ts';
import { createLogin } from '../../lib/compose/login.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { CONTEXT, eventOf, type Received, received, type Sent } from '../support/events.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

const newToken = async () =>
  (await deployment.as(ALICE)('POST /v1/tokens', { json: { access: 'push' } })).json.token as string;

/** What the store was asked, beside the answer. */
async function costOf(line: string, sent: Sent): Promise<[number, ...string[]]> {
  const before = deployment.wire.requests.length;
  const { status } = await deployment.send(line, sent);
  return [status, ...deployment.wire.requests.slice(before).map(({ operation }) => operation)];
}

describe('the credentials function', () => {
  it('vends without the keys of anything else, and has no route to revoke', async () => {
    deployment = await deploy();
    const bearer = await newToken();
    await rm(join(deployment.directory, 'derivation.json'));
    await rm(join(deployment.directory, 'keys'), { recursive: true });
    const handler = createCredentials(
      deployment.worldWith({ PULLPASS_DERIVATION_KEY: undefined, PULLPASS_KEYS: undefined }),
    );
    const send = async (line: string, sent: Sent): Promise<Received> =>
      received(await handler(eventOf(line, sent), CONTEXT));
    const { status, json } = await send('POST /v1/credentials', { bearer, json: {} });
    expect(status).toBe(201);
    expect((await send('POST /oauth/revoke', { form: { token: json.password } })).status).toBe(404);
  });

  it('writes nothing when it vends, beside the hourly note that the token was used', async () => {
    deployment = await deploy();
    const bearer = await newToken();
    const vend = (sent: Sent) => costOf('POST /v1/credentials', { json: {}, ...sent });
    expect(await vend({ bearer })).toEqual([201, 'BatchGetItem', 'UpdateItem']);
    for (let i = 0; i < 5; i++) expect(await vend({ bearer })).toEqual([201, 'BatchGetItem']);
    const basic = ['iamapikey', await deployment.apiKeyOf(ALICE)] as const;
    // The policies of an identity, and then the rules of its account.
    expect(await vend({ basic })).toEqual([201, 'Query', 'BatchGetItem']);
  });

  it('limits the failures of an address, and vends to a good secret all the same', async () => {
    deployment = await deploy({ environment: { PULLPASS_FAILURES_PER_MINUTE: '3' } });
    const bearer = await newToken();
    const vend = async (value: string) =>
      (await deployment.send('POST /v1/credentials', { bearer: value, json: {} })).status;
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push(await vend('plp_x'));
    expect([...statuses, await vend(bearer)]).toEqual([401, 401, 401, 429, 429, 201]);
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    [
      'without a credential key',
      { PULLPASS_CREDENTIAL_KEY: undefined },
      'PULLPASS_CREDENTIAL_KEY is missing',
    ],
    ['with the key itself', { PULLPASS_CREDENTIAL_KEY: 'AAAA' }, 'must be file: and an absolute path'],
  ])('does not start %s, nor does the login function', async (_, environment, problem) => {
    deployment = await deploy();
    for (const create of [createCredentials, createLogin]) {
      expect(() => create(deployment.worldWith(environment))).toThrow(problem);
    }
  });

  it('has a key of its own: it is not the one that values are derived with', async () => {
    deployment = await deploy();
    const files = ['credential.json', 'derivation.json'].map(name => join(deployment.directory, name));
    const [one, other] = await Promise.all(files.map(file => readFile(file, 'utf8')));
    expect(one).not.toBe(other);
  });
});
