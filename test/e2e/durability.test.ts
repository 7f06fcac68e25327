/** Acknowledged tokens survive kill -9, and removed tokens stay removed. */
import { expect, it } from 'vitest';
import { newDeployment, times } from './support/deployment.ts';

const TOKENS = 1_000;
const WIDTH = 32;

it('1 000 acknowledged tokens all log in after kill -9 and a restart', async () => {
  const pullpass = await (await newDeployment()).start();
  await pullpass.manage('PUT', '/v1/namespaces/team-a');
  const added = await times(TOKENS, WIDTH, () => pullpass.addToken());

  await pullpass.crash();
  await pullpass.start();

  const scope = 'repository:team-a/app:pull';
  const logins = await times(TOKENS, WIDTH, index =>
    pullpass.logIn('token', added[index]?.token ?? '', { scope }),
  );
  expect(logins.filter(({ status }) => status === 200)).toHaveLength(TOKENS);
  expect(logins.every(({ json }) => accessOf(json.token).length === 1)).toBe(true);
});

it('a token that was being added at kill -9 is there or not, and every acknowledged one is there', async () => {
  const pullpass = await (await newDeployment()).start();
  const acknowledged: string[] = [];
  const adding = times(TOKENS, WIDTH, async () => {
    const token = await pullpass.addToken().catch(() => undefined);
    if (token !== undefined) acknowledged.push(token.token);
  });
  while (acknowledged.length < TOKENS / 10) await new Promise(resolve => setTimeout(resolve, 5));
  await pullpass.crash();
  await adding;
  expect(acknowledged.length).toBeLessThan(TOKENS);

  await pullpass.start();

  const logins = await times(acknowledged.length, WIDTH, index =>
    pullpass.logIn('token', acknowledged[index] ?? ''),
  );
  expect(logins.map(({ status }) => status).filter(status => status !== 200)).toEqual([]);
});

it('after an acknowledged removal none of 1 000 immediate logins succeeds, nor after kill -9', async () => {
  const pullpass = await (await newDeployment()).start();
  const { id, token } = await pullpass.addToken();
  expect((await pullpass.logIn('token', token)).status).toBe(200);

  expect((await pullpass.call('DELETE', `/v1/tokens/${id}`)).status).toBe(204);
  const immediate = await times(TOKENS, TOKENS, () => pullpass.logIn('token', token));
  await pullpass.crash();
  await pullpass.start();
  const later = await pullpass.logIn('token', token);

  expect([...immediate, later].filter(({ status }) => status !== 401)).toEqual([]);
});

it('a second start finds namespaces, tokens, keys and the administrator again', async () => {
  const pullpass = await (await newDeployment()).start();
  await pullpass.manage('PUT', '/v1/namespaces/team-a');
  const { id, token } = await pullpass.addToken({ description: 'build farm', nonExpiring: true });
  const read = async () => ({
    key: await pullpass.administratorKey(),
    namespaces: await pullpass.manage('GET', '/v1/namespaces'),
    token: await pullpass.manage('GET', `/v1/tokens/${id}`),
    value: await pullpass.manage('GET', `/v1/tokens/${id}/value`),
    jwks: await pullpass.manage('GET', '/.well-known/jwks.json'),
  });
  const before = await read();

  await pullpass.stop();
  await pullpass.start();

  expect(await read()).toEqual(before);
  expect(before.value.token).toBe(token);
  expect((await pullpass.logIn('token', token)).status).toBe(200);
});

function accessOf(token: string): unknown[] {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).access;
}
