/** A removal whose answer from the table was lost is 204, as if nothing had happened. */

import { expect, it } from 'vitest';
import { alice, deployment, github, useDeployment, useGitHub } from '../support/setup.ts';

useGitHub();
useDeployment(() => ({ issuers: [github.entry] }));

const add = async (path: string, json: object) =>
  `${path}/${(await alice(`POST ${path}`, { json })).json.id as string}`;

const THINGS: Record<string, () => Promise<string>> = {
  token: () => add('/v1/tokens', {}),
  policy: () => add('/v1/policies', { subject: 'mallory', role: 'reader' }),
  trust: () =>
    add('/v1/trusts', { issuer: 'github', claims: { repository_id: '74', repository_owner_id: '65' } }),
  namespace: async () => {
    await alice('PUT /v1/namespaces/team-a');
    return '/v1/namespaces/team-a';
  },
};

it.each(Object.keys(THINGS))(
  'DELETE of a %s answers 204 when the answer of its write was lost',
  async name => {
    const path = (await THINGS[name]?.()) ?? expect.fail();
    let lost = 0;
    deployment.wire.lose = ({ operation }) => operation === 'UpdateItem' && lost++ === 0;
    const { status } = await alice(`DELETE ${path}`);
    deployment.wire.lose = () => false;
    expect([status, lost]).toEqual([204, 1]);
    expect((await alice(`DELETE ${path}`)).status).toBe(404);
  },
);
