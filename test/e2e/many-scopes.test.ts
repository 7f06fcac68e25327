/** Real registries accept the access tokens of logins that ask for a hundred repositories at once. */
import { describe, expect, it } from 'vitest';
import { type RegistryPlan, useWorld } from './support/world.ts';

/** The longest header is that of RS256. */
const PLANS: RegistryPlan[] = [
  { kind: 'distribution 2.8', service: { algorithm: 'RS256' } },
  { kind: 'distribution 3.1', service: { algorithm: 'ES256' } },
];

interface Caller {
  readonly url: string;
  readonly token: string;
}

/** The access token of a login with these parameters. */
async function accessTokenBy(
  method: 'GET' | 'POST',
  { url, token }: Caller,
  parameters: [string, string][],
): Promise<string> {
  const authorization = `Basic ${Buffer.from(`token:${token}`).toString('base64')}`;
  const form: [string, string][] = [
    ['grant_type', 'password'],
    ['username', 'token'],
    ['password', token],
    ...parameters,
  ];
  const answer =
    method === 'GET'
      ? await fetch(`${url}/oauth/token?${new URLSearchParams(parameters)}`, { headers: { authorization } })
      : await fetch(`${url}/oauth/token`, { method, body: new URLSearchParams(form) });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { access_token: string }).access_token;
}

describe.each(PLANS)('$kind with $service.algorithm', plan => {
  const world = useWorld({ registries: [plan] });

  it.each([
    ['GET', 40],
    ['GET', 90],
    ['POST', 40],
    ['POST', 130],
  ] as const)('takes what %s grants for a hundred names of %d characters', async (method, length) => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken({ access: 'push' });
    const names = Array.from({ length: 100 }, (_, i) => `team-a/${i}-`.padEnd(length, 'x'));
    const scopes = names.map((name): [string, string] => ['scope', `repository:${name}:pull,push`]);
    const accessToken = await accessTokenBy(method, { url: pullpass.url, token }, [
      ['service', registry.address],
      ...scopes,
    ]);
    for (const name of [names[0], names[99]]) {
      const { status } = await fetch(`http://${registry.address}/v2/${name}/blobs/uploads/`, {
        method: 'POST',
        headers: { authorization: `Bearer ${accessToken}` },
      });
      expect(status, name).toBe(202);
    }
  });
});
