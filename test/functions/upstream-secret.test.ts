/** A password of an upstream that is the ARN of a secret: read as it is written, in its own region, and anew when it was replaced. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { LoopbackAws } from '../support/loopback-aws.ts';
import { SERVICE } from '../support/records.ts';
import { answerManifest, openUpstream, type TestUpstream } from '../support/upstream.ts';

/** Of another account and region, with the suffix that Secrets Manager gives it. */
const ARN = 'arn:aws:secretsmanager:us-east-2:999999999999:secret:partners/robot-AbCd12';

let aws: LoopbackAws;
let upstream: TestUpstream;
let deployment: Deployment;
let bearer: string;
beforeAll(async () => {
  [aws, upstream] = await Promise.all([LoopbackAws.start(), openUpstream()]);
  const authentication = { username: 'robot', password: ARN };
  deployment = await deploy({
    services: [{ name: SERVICE.name, upstream: { url: upstream.url, authentication } }],
    environment: { AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.endpoint },
  });
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
  const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
  bearer = (await deployment.logIn(token, 'repository:team-a/app:pull')).json.token;
});
afterAll(async () => {
  await deployment.close();
  await Promise.all([aws.close(), upstream.close()]);
});

/** The upstream takes this password and no other. */
function take(password: string): void {
  const good = `Basic ${Buffer.from(`robot:${password}`).toString('base64')}`;
  upstream.answer = (request, response) => {
    if (request.headers.authorization === good) answerManifest(request, response);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="upstream"' }).end();
  };
}

async function keep(password: string): Promise<void> {
  aws.delete(ARN);
  const secret = { Name: ARN, SecretString: password, ClientRequestToken: randomBytes(16).toString('hex') };
  await aws.caller('secretsManager')('CreateSecret', secret);
  aws.requests.length = 0;
}

const pull = async () => (await deployment.send('GET /v2/team-a/app/manifests/1', { bearer })).status;

it('is named as the operator wrote it, read once, and read anew as soon as the upstream refuses it', async () => {
  await keep('first');
  take('first');
  expect([await pull(), await pull()]).toEqual([200, 200]);
  expect(aws.requests.map(({ operation, input }) => [operation, input.SecretId])).toEqual([
    ['GetSecretValue', ARN],
  ]);
  await keep('second');
  take('second');
  deployment.wait(10);
  expect([await pull(), await pull()]).toEqual([200, 200]);
  expect(aws.requests).toHaveLength(1);
});

it('that is gone, or may not be read, is 503 to clients, and no secret of ours is in the log', async () => {
  await keep('third');
  take('fourth');
  deployment.wait(10);
  expect(await pull()).toBe(503);
  aws.instead = () => ({ status: 400, body: { __type: 'AccessDeniedException' } });
  deployment.wait(10);
  expect(await pull()).toBe(503);
  const log = deployment.logs.join('\n');
  expect(log).toContain('AccessDeniedException');
  for (const password of ['first', 'second', 'third']) expect(log).not.toContain(`"${password}`);
});
