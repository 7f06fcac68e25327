/** Ten thousand pulls by fifty clients at once through the registry proxy: each is counted, and a limit is not passed by one. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { SERVICE } from '../support/records.ts';
import { openUpstream, type TestUpstream } from '../support/upstream.ts';

const [CLIENTS, PULLS_EACH, LIMIT] = [50, 200, 777];

let upstream: TestUpstream;
let deployment: Deployment;
beforeAll(async () => {
  upstream = await openUpstream();
  deployment = await deploy({ services: [{ name: SERVICE.name, upstream: { url: upstream.url } }] });
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
});
afterAll(async () => {
  await deployment.close();
  await upstream.close();
});

async function pulled(json: object, pullsEach: number): Promise<{ answered: number; counted: number }> {
  const { id, token } = (await deployment.as(ALICE)('POST /v1/tokens', { json })).json;
  const bearer = (await deployment.logIn(token, 'repository:team-a/app:pull')).json.token;
  let answered = 0;
  const client = async () => {
    for (let i = 0; i < pullsEach; i++) {
      const { status } = await deployment.send('GET /v2/team-a/app/manifests/1.4', { bearer });
      expect([200, 429]).toContain(status);
      if (status === 200) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const { usage } = (await deployment.as(ALICE)(`GET /v1/usage?token=${id}`)).json;
  expect(usage).toHaveLength(1);
  return { answered, counted: usage[0].pulls };
}

it('10 000 pulls by 50 clients at once are answered and counted', async () => {
  expect(await pulled({}, PULLS_EACH)).toEqual({ answered: 10_000, counted: 10_000 });
});

it(`of 2 000 pulls by 50 clients at once a limit of ${LIMIT} lets ${LIMIT} through`, async () => {
  const limits = { pullsPerDay: LIMIT };
  expect(await pulled({ limits }, 40)).toEqual({ answered: LIMIT, counted: LIMIT });
});
