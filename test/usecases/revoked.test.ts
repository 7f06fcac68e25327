/** What a revocation reads, records and answers: nothing for what is not ours, is over, or is ended already. */
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../lib/domain/credential.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { LoginQuery } from '../../lib/ports/stores.ts';
import { addToken } from '../../lib/usecases/issue-token.ts';
import { type RevokePorts, revoke } from '../../lib/usecases/revoke.ts';
import { signCredential } from '../../lib/usecases/secret-values.ts';
import { auditLog } from '../support/audits.ts';
import { actorOf, CREDENTIAL_KEYS, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, NOW } from '../support/records.ts';

const CREDENTIAL: Credential = {
  jti: 'A'.repeat(22),
  handle: '0123456789abcdef',
  parent: { kind: 'identity', subject: 'dev:bob', policies: null },
  service: 'localhost:5000',
  access: 'pull',
  repositories: null,
  alsoPull: [],
  endsAt: NOW + 60,
};
const signed = async (facts: Partial<Credential> = {}) =>
  (await signCredential(CREDENTIAL_KEYS, { ...CREDENTIAL, ...facts }, NOW)) ?? new Secret('');
const ORIGIN = { requestId: 'request-1', sourceAddress: '192.0.2.1' };

function world() {
  const { stores, tokens, logins } = worldOn();
  const { audit, events } = auditLog();
  const reads: LoginQuery[] = [];
  const counted: unknown[][] = [];
  const ports: RevokePorts = {
    revocations: (...call) => {
      counted.push(call);
      return undefined;
    },
    store: {
      read: query => {
        reads.push(query);
        return stores.logins.read(query);
      },
    },
    tokens: stores.tokens,
    revokedCredentials: stores.revokedCredentials,
    credentialKeys: CREDENTIAL_KEYS,
    audit,
    clock: logins.clock,
  };
  const end = (secret: Secret) => revoke(ports, { secret, ...ORIGIN });
  return { end, events, reads, counted, stores, tokens };
}

describe('the revocation of a credential', () => {
  it('is recorded with its handle and caller, counted for its parent, and done once', async () => {
    const { end, events, reads, counted, stores } = world();
    const { jti, handle, parent } = CREDENTIAL;
    const value = await signed();
    expect(await end(value)).toEqual({ kind: 'credential', jti });
    expect(await end(value)).toEqual({ kind: 'nothing' });
    expect(events).toEqual([
      { act: 'end-credential', handle, subject: `credential:${jti}`, target: jti, ...ORIGIN },
    ]);
    expect(reads).toEqual(Array(2).fill({ credential: { handle, jti }, namespaces: [] }));
    expect(counted).toEqual(Array(2).fill([`${handle} ${JSON.stringify(parent)}`, NOW * 1000]));
    const query = { credential: { handle, jti }, namespaces: [] };
    expect((await stores.logins.read(query)).revoked).toBe(true);
  });

  it.each([
    ['one that is over', () => signed({ endsAt: NOW })],
    ['one of another key', async () => new Secret((await signed()).reveal().replace('plc_k1', 'plc_k2'))],
    ['one of another signature', async () => new Secret((await signed()).reveal().replace(/.$/, '-'))],
    ['no credential', async () => new Secret('plc_x')],
  ])('is none for %s: nothing is read, counted or recorded', async (_, make) => {
    const { end, events, reads, counted } = world();
    expect(await end(await make())).toEqual({ kind: 'nothing' });
    expect([events, reads, counted]).toEqual([[], [], []]);
  });

  it('is done in the last second of its life', async () => {
    expect(await world().end(await signed({ endsAt: NOW + 1 }))).toMatchObject({ kind: 'credential' });
  });
});

describe('the revocation of a token', () => {
  async function withToken() {
    const made = world();
    const token = { access: 'pull', repositories: null, description: '' } as const;
    const { record, value } = await addToken(made.tokens, {
      actor: actorOf(),
      token: { ...token, expiresInSeconds: null, retrievable: true },
      idempotencyKey: undefined,
    });
    return { ...made, record, value };
  }

  it('is recorded for its account, disables it, and is done once', async () => {
    const { end, events, reads, stores, record, value } = await withToken();
    const { id, account } = record;
    expect(await end(value)).toEqual({ kind: 'token', id, account });
    expect(await end(value)).toEqual({ kind: 'nothing' });
    expect(events).toMatchObject([
      { act: 'revoke-token', account: ACCOUNT, subject: `token:${id}`, target: id, ...ORIGIN },
    ]);
    expect(reads).toMatchObject(Array(2).fill({ token: { id }, namespaces: [] }));
    const disabled = { at: NOW, by: `token:${id}` };
    expect(await stores.tokens.get(ACCOUNT, id, NOW)).toMatchObject({ disabled, version: 2 });
  });

  it('is none for what is no token, or one that is gone', async () => {
    const { end, events, reads, stores, record, value } = await withToken();
    for (const text of ['plp_x', 'an-api-key', '']) {
      expect(await end(new Secret(text))).toEqual({ kind: 'nothing' });
    }
    expect(reads).toEqual([]);
    await stores.tokens.remove(record, NOW);
    expect(await end(value)).toEqual({ kind: 'nothing' });
    expect(events).toEqual([]);
  });
});
