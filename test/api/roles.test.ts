/** Who may manage. */
import { afterEach, describe, expect, it } from 'vitest';
import { ROUTES } from '../../lib/api/routes.ts';
import { ALICE, type Deployment, deploy, MALLORY } from '../support/deployment.ts';
import type { Sent } from '../support/events.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

/** All but the one that tells every identity who it is, and the one that takes a secret from anyone. */
const LINES = ROUTES.management
  .filter(({ authentication }) => /administrator/.test(authentication))
  .map(
    ({ method, path }) =>
      `${method} ${path.replace('{id}', '01a1fd51-c23e-7c1e-8dcf-87c09e970095').replace('{name}', 'team-a')}`,
  );

async function refusals(sent: (line: string) => Promise<Sent> | Sent): Promise<Set<string>> {
  const answers = await Promise.all(
    LINES.map(async line => deployment.send(line, { json: {}, ...(await sent(line)) })),
  );
  return new Set(answers.map(({ status, json }) => `${status} ${json.code}`));
}

describe('a management route', () => {
  it('answers 403 to every identity that is no administrator, with any assertion', async () => {
    deployment = await deploy();
    const apiKey = await deployment.apiKeyOf(MALLORY);
    const bearer = await deployment.bearerOf(MALLORY);
    for (const sent of [
      { basic: ['iamapikey', apiKey] },
      { bearer },
      { basic: ['iambearer', bearer] },
    ] as Sent[]) {
      expect(await refusals(() => sent)).toEqual(new Set(['403 forbidden']));
    }
  });

  it('is for an administrator with any strong proof', async () => {
    deployment = await deploy();
    const bearer = await deployment.bearerOf(ALICE);
    const apiKey = await deployment.apiKeyOf(ALICE);
    for (const sent of [
      { bearer },
      { basic: ['iambearer', bearer] },
      { basic: ['iamapikey', apiKey] },
    ] as Sent[]) {
      expect((await deployment.send('GET /v1/tokens', sent)).status).toBe(200);
    }
  });

  it('is refused to all callers when there are no administrators', async () => {
    deployment = await deploy({ environment: { PULLPASS_ADMINISTRATORS: undefined } });
    const apiKey = await deployment.apiKeyOf(ALICE);
    expect(await refusals(() => ({ basic: ['iamapikey', apiKey] }))).toEqual(new Set(['403 forbidden']));
  });

  it('is refused to all callers when there is no IAM', async () => {
    deployment = await deploy({
      environment: { PULLPASS_ADMINISTRATORS: undefined, PULLPASS_ISSUERS: undefined },
    });
    const apiKey = await deployment.apiKeyOf(ALICE);
    const bearer = await deployment.bearerOf(ALICE);
    expect(await refusals(() => ({ basic: ['iamapikey', apiKey] }))).toEqual(
      new Set(['401 unauthenticated']),
    );
    expect(await refusals(() => ({ bearer }))).toEqual(new Set(['401 unauthenticated']));
  });

  it('takes neither a registry token nor an access token of ours', async () => {
    deployment = await deploy();
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    const accessToken = (await deployment.logIn(token)).json.token;
    const ofRegistries: Sent[] = [
      { bearer: token },
      { basic: ['token', token] },
      { basic: ['iamapikey', token] },
      { basic: ['token', `plc_${'0'.repeat(90)}`] },
    ];
    for (const sent of ofRegistries) {
      expect(await refusals(() => sent)).toEqual(new Set(['403 not-an-administrator-credential']));
    }
    for (const sent of [
      { bearer: accessToken },
      { basic: ['iambearer', accessToken] },
      { basic: ['', ''] },
    ] as Sent[]) {
      expect(await refusals(() => sent)).toEqual(new Set(['401 unauthenticated']));
    }
  });

  it('is closed while the IAM does not answer', async () => {
    deployment = await deploy();
    deployment.iamAnswers = false;
    const answer = await deployment.send('GET /v1/tokens', { basic: ['iamapikey', 'x'.repeat(43)] });
    expect([answer.status, answer.json.code]).toEqual([503, 'unavailable']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('a proof that others could replay', () => {
  async function deployWeak(environment: Record<string, string>): Promise<Sent & { bearer: string }> {
    deployment = await deploy({ weakIam: true, environment });
    return { bearer: await deployment.bearerOf(ALICE) };
  }

  it('manages nothing', async () => {
    const weak = await deployWeak({});
    expect(await refusals(() => weak)).toEqual(new Set(['403 forbidden']));
    expect((await deployment.send('GET /oauth/token', { basic: ['iambearer', weak.bearer] })).status).toBe(
      200,
    );
  });

  it('manages where the operator has written so, but reads no values even then', async () => {
    const weak = await deployWeak({ PULLPASS_WEAK_MANAGEMENT: 'accept-replay' });
    const headers = { 'idempotency-key': 'k1' };
    const made = await deployment.send('POST /v1/tokens', { json: {}, headers, ...weak });
    expect(made.status).toBe(201);
    const value = await deployment.send(`GET /v1/tokens/${made.json.id}/value`, weak);
    expect([value.status, value.json.code]).toEqual([403, 'forbidden']);
    const replay = await deployment.send('POST /v1/tokens', { json: {}, headers, ...weak });
    expect([replay.status, replay.json.code]).toEqual([409, 'idempotency-replayed']);
    expect(value.text + replay.text).not.toContain('plp_');
  });
});
