/** Each change leaves one audit record, and the same in the log; a request that changes nothing leaves none. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Received } from '../support/events.ts';
import { eventsOf } from '../support/logs.ts';
import { alice, deployment, github, useDeployment, useGitHub } from '../support/setup.ts';
import { itemsOf } from '../support/stores.ts';

const SECRET = 'a-secret-of-notifications';
useGitHub();
useDeployment(() => {
  const secret = join(mkdtempSync(join(tmpdir(), 'pullpass-audit-')), 'notifications');
  writeFileSync(secret, SECRET);
  const services = [{ name: 'localhost:5000', notifications: { secret: `file:${secret}` } }];
  return { issuers: [github.entry], services };
});

type AuditRecord = Readonly<Record<string, string | undefined>>;

/** Every audit record that the request with this answer has left. */
async function recordsOf({ headers }: Received): Promise<AuditRecord[]> {
  const items = await itemsOf(deployment.table);
  return items.filter(
    ({ sk, requestId }) => sk.startsWith('audit#') && requestId === headers['x-request-id'],
  ) as unknown as AuditRecord[];
}

const newToken = async () => (await alice('POST /v1/tokens', { json: {} })).json;
const newRule = async (path: string, json: object) => (await alice(`POST ${path}`, { json })).json.id;
const POLICY = { subject: 'mallory', role: 'reader' };
const TRUST = { issuer: 'github', claims: { repository_id: '74', repository_owner_id: '65' } };
const revocation = (token: string) => deployment.send('POST /oauth/revoke', { form: { token } });
const vending = (bearer: string) => deployment.send('POST /v1/credentials', { bearer, json: {} });

/** What each operation leaves, and whom it names: Alice, unless said otherwise. */
interface Acting {
  readonly act: string;
  readonly target: string;
  readonly answer: Received;
  readonly subject?: string;
}

const ACTS: Record<string, () => Promise<Acting>> = {
  addToken: async () => {
    const answer = await alice('POST /v1/tokens', { json: {} });
    return { act: 'add-token', target: answer.json.id, answer };
  },
  changeToken: async () => {
    const { id } = await newToken();
    const answer = await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    return { act: 'change-token', target: id, answer };
  },
  ensureToken: async () => {
    const answer = await alice('PUT /v1/tokens/by-name/build', { json: {} });
    return { act: 'add-token', target: answer.json.id, answer };
  },
  rotateOwnToken: async () => {
    const { id, token } = (await alice('POST /v1/tokens', { json: { selfRotate: true } })).json;
    const answer = await deployment.send('POST /v1/token/rotate', { bearer: token, json: {} });
    return { act: 'rotate-token', target: id, subject: `token:${id}`, answer };
  },
  rotateToken: async () => {
    const { id } = await newToken();
    return { act: 'rotate-token', target: id, answer: await alice(`POST /v1/tokens/${id}/rotate`) };
  },
  removeToken: async () => {
    const { id } = await newToken();
    return { act: 'remove-token', target: id, answer: await alice(`DELETE /v1/tokens/${id}`) };
  },
  getTokenValue: async () => {
    const { id } = await newToken();
    return { act: 'retrieve-value', target: id, answer: await alice(`GET /v1/tokens/${id}/value`) };
  },
  registerNamespace: async () => {
    const answer = await alice('PUT /v1/namespaces/team-a');
    return { act: 'register-namespace', target: 'team-a', answer };
  },
  releaseNamespace: async () => {
    await alice('PUT /v1/namespaces/team-b');
    const answer = await alice('DELETE /v1/namespaces/team-b');
    return { act: 'release-namespace', target: 'team-b', answer };
  },
  addPolicy: async () => {
    const answer = await alice('POST /v1/policies', { json: POLICY });
    return { act: 'add-policy', target: answer.json.id, answer };
  },
  removePolicy: async () => {
    const id = await newRule('/v1/policies', POLICY);
    return { act: 'remove-policy', target: id, answer: await alice(`DELETE /v1/policies/${id}`) };
  },
  addTrust: async () => {
    const answer = await alice('POST /v1/trusts', { json: TRUST });
    return { act: 'add-trust', target: answer.json.id, answer };
  },
  removeTrust: async () => {
    const id = await newRule('/v1/trusts', TRUST);
    return { act: 'remove-trust', target: id, answer: await alice(`DELETE /v1/trusts/${id}`) };
  },
  setRules: async () => ({
    act: 'set-rules',
    target: 'rules',
    answer: await alice('PUT /v1/rules', { json: {} }),
  }),
  revoke: async () => {
    const { id, token } = await newToken();
    return { act: 'revoke-token', target: id, subject: `token:${id}`, answer: await revocation(token) };
  },
};

/** Operations that are no GET, and leave nothing. */
const WITHOUT: Record<string, [why: string, request: () => Promise<Received>]> = {
  logIn: [
    'a login changes nothing; the log has it',
    async () => {
      const { token } = await newToken();
      const form = { grant_type: 'password', username: 'token', password: token, service: 'localhost:5000' };
      return deployment.send('POST /oauth/token', { form });
    },
  ],
  explainLogin: [
    'an explanation changes nothing; the log has it',
    async () => alice('POST /v1/explain', { json: { subject: 'alice' } }),
  ],
  takeEvents: [
    'a counter is no act; the log has each pull',
    async () =>
      deployment.send('POST /v1/services/localhost:5000/events', {
        basic: ['events', SECRET],
        headers: { 'content-type': 'application/vnd.docker.distribution.events.v2+json' },
        body: '{"events":[]}',
      }),
  ],
  vendCredential: [
    'nothing is stored of a credential; the log has it',
    async () => vending((await newToken()).token),
  ],
};

describe('the audit', () => {
  it('knows every operation that could change something', () => {
    const changing = ALL_ROUTES.filter(({ method }) => method !== 'GET').map(({ operation }) => operation);
    const known = [...Object.keys(ACTS), ...Object.keys(WITHOUT)];
    expect(new Set(known)).toEqual(new Set([...changing, 'getTokenValue']));
  });

  it.each(Object.keys(ACTS))('has one record of %s: who, what, to which, when and from where', async name => {
    const { act, target, subject = 'dev:alice', answer } = (await ACTS[name]?.()) ?? expect.fail(name);
    expect(answer.status).toBeLessThan(300);
    const [record, ...more] = await recordsOf(answer);
    expect(more).toEqual([]);
    const expected = { act, target, account: 'dev:acme', subject, sourceAddress: '192.0.2.1' };
    expect(record).toMatchObject({ ...expected, pk: `account#${accountHandle('dev:acme')}` });
    const logged = eventsOf(deployment, answer).filter(({ message }) => message === 'act');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({ ...expected, accountHandle: accountHandle('dev:acme') });
  });

  it.each(Object.keys(WITHOUT))('has none of %s', async name => {
    const answer = (await WITHOUT[name]?.[1]()) ?? expect.fail(name);
    expect(answer.status).toBeLessThan(300);
    expect(await recordsOf(answer)).toEqual([]);
  });

  it('has one record of a credential that its holder ends, and none of ending it again', async () => {
    const { password } = (await vending((await newToken()).token)).json;
    const answer = await revocation(password);
    const [record, ...more] = await recordsOf(answer);
    expect(more).toEqual([]);
    const { target } = record ?? {};
    expect(record).toMatchObject({
      pk: `account#${accountHandle('dev:acme')}`,
      act: 'end-credential',
      subject: `credential:${target}`,
    });
    expect(eventsOf(deployment, answer)).toContainEqual(expect.objectContaining({ message: 'act', target }));
    expect(await recordsOf(await revocation(password))).toEqual([]);
  });

  it('has one record of a request that is sent again, for each time that it shows the value', async () => {
    const add = () => alice('POST /v1/tokens', { json: {}, headers: { 'idempotency-key': 'k' } });
    expect((await recordsOf(await add())).map(({ act }) => act)).toEqual(['add-token']);
    expect((await recordsOf(await add())).map(({ act }) => act)).toEqual(['retrieve-value']);
  });

  it('has nothing of what was refused for want of a role', async () => {
    const answer = await deployment.as('acme:mallory')('POST /v1/tokens', { json: {} });
    expect(answer.status).toBe(403);
    expect(await recordsOf(answer)).toEqual([]);
  });
});
