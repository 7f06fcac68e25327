/** Planted secrets: none is ever seen in a log line, in an answer that is not meant to hold it, or in the table. */

import { expect, it } from 'vitest';
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { inBatches } from '../support/batches.ts';
import { ALICE, BOB, type Deployment, MALLORY } from '../support/deployment.ts';
import type { Sent } from '../support/events.ts';
import { deployment, useDeployment } from '../support/setup.ts';
import { itemsOf } from '../support/stores.ts';

useDeployment();

const known = new Map<string, readonly string[]>();

/** The ways in which a secret could be written down. */
function spellings(secret: string): readonly string[] {
  const all = known.get(secret) ?? spelt(secret);
  known.set(secret, all);
  return all;
}

function spelt(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].flatMap(shift => {
    // Inside a longer text base64 has three spellings; its ends depend on the neighbours.
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return [text.slice(4, -4), text.slice(4, -4).replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [secret, encodeURIComponent(secret), bytes.toString('hex'), ...shifted];
}

function leaks(text: string, secrets: readonly string[]): string[] {
  return secrets.filter(secret => spellings(secret).some(spelling => text.includes(spelling)));
}

/** Requests with a secret in every place where it can be put by mistake. */
function misplaced(secret: string): [string, Sent][] {
  const escaped = encodeURIComponent(secret);
  const json = { 'content-type': 'application/json' };
  const paths = ALL_ROUTES.flatMap(({ method, path }) => [
    `${method} ${path.replaceAll(/\{\w+\}/g, secret)}`,
    `${method} ${path.replaceAll(/\{\w+\}/g, 'x')}/${escaped}`,
    `${method} ${path.replaceAll(/\{\w+\}/g, 'x')}?${escaped}=${escaped}`,
  ]);
  const bodies = [
    { [secret]: secret },
    { access: secret },
    { repositories: [secret, `${secret}/*`] },
    { expiresInSeconds: secret },
    { description: { [secret]: 1 } },
    secret,
    [secret],
  ];
  const queries = [
    `service=${escaped}`,
    `scope=${escaped}`,
    `scope=repository:team-a/${escaped}:pull`,
    `scope=repository:team-a/x:${escaped}`,
    `scope=${escaped}:team-a/x:pull`,
    `account=${escaped}`,
    `client_id=${escaped}&client_id=${escaped}`,
    `${escaped}=%zz`,
    `limit=${escaped}&cursor=${escaped}`,
  ];
  return [
    ...paths.map((line): [string, Sent] => [line, {}]),
    [`GET /${secret}`, {}],
    [`${secret} /v1/tokens`, {}],
    ...bodies.map((body): [string, Sent] => ['POST /v1/tokens', { json: body }]),
    ...bodies.map((body): [string, Sent] => ['PATCH /v1/tokens/x', { json: body }]),
    ...[...bodies, { service: secret }, { format: secret }].map((body): [string, Sent] => [
      'POST /v1/credentials',
      { json: body },
    ]),
    ['POST /v1/credentials', { json: {}, headers: { accept: secret } }],
    ['POST /v1/tokens', { body: `{"access": ${secret}}`, headers: json }],
    ['POST /v1/tokens', { body: secret, headers: { 'content-type': secret } }],
    ['POST /v1/tokens', { json: { access: 'pull', retrievable: 1 }, headers: { 'idempotency-key': secret } }],
    ['POST /v1/tokens', { json: {}, headers: { 'idempotency-key': `${secret} ` } }],
    ...queries.map((query): [string, Sent] => [`GET /oauth/token?${query}`, {}]),
    ...queries.map((query): [string, Sent] => [`GET /v1/tokens?${query}`, {}]),
    ['POST /oauth/token', { form: { grant_type: secret } }],
    ['POST /oauth/token', { form: { grant_type: 'password', username: secret, password: secret } }],
    ['POST /oauth/token', { form: { grant_type: 'refresh_token', refresh_token: secret } }],
    ...exchanges(secret).map((form): [string, Sent] => ['POST /oauth/token', { form }]),
    ...['authorization', 'x-forwarded-for', 'user-agent', 'cookie', 'host', secret].map(
      (name): [string, Sent] => ['GET /v1/tokens', { headers: { [name]: secret } }],
    ),
  ];
}

/** Token exchanges with the secret as the subject token of every type, and in the place of every other parameter. */
function exchanges(secret: string): Record<string, string>[] {
  const grant_type = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const types = ['access_token', 'refresh_token', 'id_token', 'jwt'].map(
    type => `urn:ietf:params:oauth:token-type:${type}`,
  );
  const good = { grant_type, subject_token: secret, subject_token_type: types[0] ?? '' };
  const others = ['subject_token_type', 'audience', 'service', 'scope', 'requested_token_type', 'resource'];
  return [
    ...types.map(subject_token_type => ({ ...good, subject_token_type })),
    ...[...others, secret].map(name => ({ ...good, [name]: secret })),
    { ...good, scope: `repository:${secret}:pull` },
  ];
}

/** The credentials that each request is tried with: the secret itself in several shapes, and good ones. */
function proofs(secret: string, good: Sent): Sent[] {
  return [
    {},
    good,
    { basic: ['token', secret] },
    { basic: ['iamapikey', secret] },
    { basic: ['iambearer', secret] },
    { basic: [secret, secret] },
    { bearer: secret },
  ];
}

it('are nowhere but where they are meant to be, after many good and bad requests', async () => {
  const alice = deployment.as(ALICE);
  await alice('PUT /v1/namespaces/team-a');
  const made = (await alice('POST /v1/tokens', { json: { access: 'push' } })).json;
  const once = (await alice('POST /v1/tokens', { json: { retrievable: false } })).json;
  const rotated = (await alice(`POST /v1/tokens/${made.id}/rotate`, { json: { graceSeconds: 600 } })).json;
  const removed = (await alice('POST /v1/tokens', { json: {} })).json;
  await alice(`DELETE /v1/tokens/${removed.id}`);
  await alice(`GET /v1/tokens/${made.id}/value`);
  await deployment.as(BOB)('POST /v1/tokens', { json: {}, headers: { 'idempotency-key': 'key-1' } });
  const login = await deployment.logIn(rotated.token, 'repository:team-a/x:pull');
  const apiKeys = await Promise.all([ALICE, BOB, MALLORY].map(deployment.apiKeyOf));
  const bearer = await deployment.bearerOf(ALICE);
  const vended = [{ bearer: once.token }, { bearer: rotated.token }, { bearer }].map(
    async (sent): Promise<string> =>
      (await deployment.send('POST /v1/credentials', { json: {}, ...sent })).json.password,
  );
  const credentials = await Promise.all(vended);
  const canaries = [
    ...credentials,
    made.token,
    rotated.token,
    once.token,
    removed.token,
    ...apiKeys,
    bearer,
    login.json.token,
    'plp_canary-that-is+no/token=of~ours',
    'C4N4RY-0123456789abcdef0123456789abcdef',
  ];
  const seen: string[] = [];
  for (const canary of canaries.filter(text => text !== bearer && text !== login.json.token)) {
    const requests = misplaced(canary).flatMap(([line, sent]) =>
      proofs(canary, { bearer }).map((proof): [string, Sent] => [line, { ...proof, ...sent }]),
    );
    await inBatches(requests, async ([line, sent]) => {
      const answer = await deployment.send(line, sent);
      const { token: _, access_token: __, password: ___, ...rest } = answer.json ?? {};
      const text = answer.status < 300 ? JSON.stringify(rest) : answer.text;
      const found = leaks(text + JSON.stringify(answer.headers), canaries);
      // `expect` takes longer than all the rest, and there are twenty thousand requests.
      if (found.length > 0 || answer.status === 500) expect.fail(`${line}: ${answer.status}, with ${found}`);
      seen.push(`${answer.status}`);
    });
  }
  for (const secret of [bearer, login.json.token]) {
    for (const proof of proofs(secret, {})) {
      const { text, status } = await deployment.send('GET /v1/tokens', proof);
      if (status >= 300) expect(leaks(text, canaries)).toEqual([]);
      await deployment.send('GET /oauth/token', proof);
    }
  }
  for (const token of canaries) {
    const answer = await deployment.send('POST /oauth/revoke', { form: { token } });
    expect([answer.status, leaks(answer.text + JSON.stringify(answer.headers), canaries)]).toEqual([200, []]);
  }
  expect(await Promise.all(credentials.map(async value => (await deployment.logIn(value)).status))).toEqual(
    credentials.map(() => 401),
  );
  expect(new Set(seen).size).toBeGreaterThan(6);
  expect(deployment.logs.length).toBeGreaterThan(1000);
  expect(deployment.logs.filter(line => leaks(line, canaries).length > 0)).toEqual([]);
  const dump = await dumpOf(deployment);
  expect(dump).toContain('team-a');
  expect(leaks(dump, canaries)).toEqual([]);
});

it('that were lost on the way to the store or the IAM are in no log line either', async () => {
  const apiKey = await deployment.apiKeyOf(ALICE);
  const token = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json.token;
  deployment.wire.cut = () => true;
  deployment.iamAnswers = false;
  deployment.wait(120);
  const lost = 'c4n4ry-fedcba9876543210';
  const answers = [
    await deployment.logIn(token),
    await deployment.send('GET /v1/tokens', { basic: ['iamapikey', lost] }),
    await deployment.send('GET /oauth/token', { basic: ['iamapikey', apiKey] }),
  ];
  deployment.wire.cut = () => false;
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
  for (const text of [...answers.map(answer => answer.text), ...deployment.logs]) {
    expect([text, leaks(text, [apiKey, token, lost])]).toEqual([text, []]);
  }
});

it('would be seen: the search knows every spelling', () => {
  const secret = 'plp_s3cret+and/more==';
  const base64 = Buffer.from(`token:${secret}!`).toString('base64');
  for (const text of [
    `x${secret}y`,
    encodeURIComponent(secret),
    base64,
    Buffer.from(`a${secret}b`).toString('base64url'),
  ]) {
    expect(leaks(text, [secret])).toEqual([secret]);
  }
  expect(leaks('plp_', [secret])).toEqual([]);
});

/** Everything in the table; bytes as hexadecimal and as text. */
async function dumpOf({ table }: Deployment): Promise<string> {
  const items = await itemsOf(table);
  return items
    .map(item =>
      JSON.stringify(
        Object.values(item).map(value =>
          value instanceof Uint8Array
            ? [Buffer.from(value).toString('hex'), Buffer.from(value).toString('latin1')]
            : value,
        ),
      ),
    )
    .join('\n');
}
