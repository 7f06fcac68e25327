/** Who holds a registry token or a credential of one: what is presented, until when, and what the log and the answer say of the rest. */
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../lib/domain/credential.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Credentials } from '../../lib/domain/principal.ts';
import { formatRegistryToken, hashRegistryToken } from '../../lib/domain/registry-token.ts';
import { Secret, secretFormatOf } from '../../lib/domain/secret.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { LoginQuery } from '../../lib/ports/stores.ts';
import { authenticateHolder } from '../../lib/usecases/holder.ts';
import { signCredential } from '../../lib/usecases/secret-values.ts';
import { rejectionOf } from '../support/errors.ts';
import { CREDENTIAL_KEYS, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';

const HANDLE = accountHandle(ACCOUNT);
const ID = aToken().id;
const VALUE = formatRegistryToken(ACCOUNT, ID, new Uint8Array(32).fill(1));
const OLD_VALUE = formatRegistryToken(ACCOUNT, ID, new Uint8Array(32).fill(2));
const END = NOW + 3600;
const JTI = 'AAECAwQFBgcICQoLDA0ODw';
const ROTATED = {
  generation: 2,
  previous: { hash: hashRegistryToken(OLD_VALUE), expiresAt: NOW + 60 },
} as const;

const credentialOf = (facts: Partial<Credential> = {}) =>
  signCredential(
    CREDENTIAL_KEYS,
    {
      ...{
        jti: JTI,
        handle: HANDLE,
        parent: { kind: 'token', id: ID, generation: 1 },
        service: 'localhost:5000',
      },
      ...{ access: 'pull', repositories: null, alsoPull: [], endsAt: NOW + 600 },
      ...facts,
    },
    NOW,
  ).then(value => value ?? expect.fail('too long'));

/** A world with the token; what its store was asked is noted. */
async function withToken(facts: Partial<TokenRecord> = {}) {
  const world = worldOn();
  const record = aToken({ id: ID, hash: hashRegistryToken(VALUE), expiresAt: END, ...facts });
  await world.stores.tokens.add(record);
  const reads: LoginQuery[] = [];
  const read = (query: LoginQuery) => {
    reads.push(query);
    return world.logins.store.read(query);
  };
  const present = (secret: Secret, more: Partial<Credentials> = {}) => {
    const source = { sourceAddress: '192.0.2.1', client: undefined };
    const credentials = { userName: 'token', secret, format: secretFormatOf(secret), ...source, ...more };
    const ports = { store: { read }, credentialKeys: CREDENTIAL_KEYS, clock: () => world.now * 1000 };
    return authenticateHolder(ports, credentials as Credentials);
  };
  return { world, record, reads, present };
}

describe('a holder', () => {
  it('of the value is that of its generation, until the token ends', async () => {
    const { present, record, reads } = await withToken();
    expect(await present(VALUE)).toEqual({ presented: 'value', token: record, generation: 1, endsAt: END });
    expect(reads).toEqual([{ token: { handle: HANDLE, id: ID }, namespaces: [] }]);
  });

  it('of the value before is that of its generation, until its grace ends', async () => {
    const { present, record } = await withToken(ROTATED);
    const endsAt = NOW + 60;
    expect(await present(OLD_VALUE)).toEqual({
      presented: 'previous-value',
      token: record,
      generation: 1,
      endsAt,
    });
    expect(await present(VALUE)).toMatchObject({ presented: 'value', generation: 2, endsAt: END });
  });

  it.each<[what: string, facts: Partial<TokenRecord>, endsAt: number]>([
    ['itself', {}, NOW + 600],
    ['itself, where the token never does', { expiresAt: null }, NOW + 600],
    ['the token', { expiresAt: NOW + 300 }, NOW + 300],
    ['the grace of its generation', ROTATED, NOW + 60],
  ])(
    'of a credential is that of its generation, until the first end: that of %s',
    async (_, facts, endsAt) => {
      const { present, record, reads } = await withToken(facts);
      expect(await present(await credentialOf())).toEqual({
        ...{ presented: 'credential', token: record, generation: 1, endsAt },
      });
      const query = {
        token: { handle: HANDLE, id: ID },
        credential: { handle: HANDLE, jti: JTI },
        namespaces: [],
      };
      expect(reads).toEqual([query]);
    },
  );
});

describe('who presents no value is refused', () => {
  const SOMETHING = new Secret('something');
  it('without credentials', async () => {
    const { present } = await withToken();
    expect(await rejectionOf(present(SOMETHING, { userName: 'anonymous' }))).toMatchObject({
      code: 'unauthenticated',
      details: { denial: 'no-secret' },
    });
  });

  it('under another user name, which is told', async () => {
    const { present } = await withToken();
    expect(await rejectionOf(present(VALUE, { userName: 'iamapikey' }))).toMatchObject({
      code: 'unauthenticated',
      details: {
        reason: 'iamapikey is no holder',
        denial: 'misplaced',
        detail: expect.stringMatching(/^The user name iamapikey has no registry token; send /),
      },
    });
  });

  it('with a secret of another kind, before anything is read', async () => {
    const { present, reads } = await withToken();
    expect(await rejectionOf(present(SOMETHING, { format: 'a signed token' }))).toMatchObject({
      details: { reason: 'token with a signed token', denial: 'misplaced' },
    });
    expect(reads).toEqual([]);
  });

  it.each<[what: string, secret: Secret, reason: string]>([
    ['something', SOMETHING, 'token: malformed'],
    ['a value with a digit changed', new Secret(`${VALUE.reveal().slice(0, -1)}_`), 'token: malformed'],
    ['a credential that is not ours', new Secret(`plc_k2.${'A'.repeat(100)}`), 'credential: not one of ours'],
  ])('with %s, before anything is read', async (_, secret, reason) => {
    const { present, reads } = await withToken();
    const format = reason.startsWith('credential') ? 'a credential' : 'a registry token';
    expect(await rejectionOf(present(secret, { format }))).toMatchObject({
      code: 'unauthenticated',
      details: { reason, denial: 'unknown-secret' },
    });
    expect(reads).toEqual([]);
  });
});

describe('a value is refused', () => {
  const OTHER = formatRegistryToken(ACCOUNT, ID, new Uint8Array(32).fill(9));
  it('that is wrong, with no word of the token', async () => {
    const { present } = await withToken({ disabled: { at: NOW, by: 'dev:alice' } });
    expect(await rejectionOf(present(OTHER))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `token ${ID}: wrong-secret`, denial: 'unknown-secret' },
    });
  });

  it('of a token that was removed, or never was', async () => {
    const { present, world, record } = await withToken();
    await world.stores.tokens.remove(record, NOW);
    expect(await rejectionOf(present(VALUE))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `token ${ID}: removed`, denial: 'ended' },
    });
    const id = aToken().id;
    const unknown = formatRegistryToken(ACCOUNT, id, new Uint8Array(32));
    expect(await rejectionOf(present(unknown))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `token ${id}: unknown`, denial: 'unknown-secret' },
    });
  });

  it.each<[what: string, facts: Partial<TokenRecord>, value: Secret, code: string, at: number | undefined]>([
    ['has expired', { expiresAt: NOW }, VALUE, 'token-expired', NOW],
    ['is disabled', { disabled: { at: NOW - 9, by: 'dev:a' } }, VALUE, 'value-disabled', NOW - 9],
    [
      'was rotated, and its grace is over',
      { ...ROTATED, previous: { ...ROTATED.previous, expiresAt: NOW - 1 } },
      OLD_VALUE,
      'token-rotated',
      NOW - 1,
    ],
    [
      'is disabled in its grace',
      { ...ROTATED, disabled: { at: NOW, by: 'dev:a' } },
      OLD_VALUE,
      'value-disabled',
      NOW,
    ],
    ['comes from elsewhere', { networks: ['10.0.0.0/8'] }, VALUE, 'unauthenticated', undefined],
  ])('that was right and %s, with the time', async (_, facts, value, code, at) => {
    const { present } = await withToken(facts);
    expect(await rejectionOf(present(value))).toMatchObject({
      code,
      details: at === undefined ? {} : { at },
    });
  });
});

describe('a credential is refused', () => {
  it('that has expired, before anything is read', async () => {
    const { present, reads } = await withToken();
    expect(await rejectionOf(present(await credentialOf({ endsAt: NOW })))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `credential ${JTI}: expired`, denial: 'expired' },
    });
    expect(reads).toEqual([]);
    expect(await present(await credentialOf({ endsAt: NOW + 1 }))).toMatchObject({ endsAt: NOW + 1 });
  });

  it('that no token is behind', async () => {
    const { present } = await withToken();
    const parent = { kind: 'identity', subject: 'dev:alice', policies: null } as const;
    expect(await rejectionOf(present(await credentialOf({ parent })))).toMatchObject({
      code: 'forbidden',
      details: { detail: 'No registry token is behind this credential.' },
    });
  });

  it('that was ended, and one of another identifier is not', async () => {
    const { present, world } = await withToken();
    await world.stores.revokedCredentials.revoke({ handle: HANDLE, jti: JTI }, NOW + 600);
    expect(await rejectionOf(present(await credentialOf()))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `credential ${JTI}: ended`, denial: 'ended' },
    });
    expect(await present(await credentialOf({ jti: 'BBECAwQFBgcICQoLDA0ODw' }))).toMatchObject({
      generation: 1,
    });
  });

  it('whose token was removed, or never was', async () => {
    const { present, world, record } = await withToken();
    await world.stores.tokens.remove(record, NOW);
    expect(await rejectionOf(present(await credentialOf()))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `token ${ID}: removed`, denial: 'ended' },
    });
    const { id } = aToken();
    const unknown = await credentialOf({ parent: { kind: 'token', id, generation: 1 } });
    expect(await rejectionOf(present(unknown))).toMatchObject({
      code: 'unauthenticated',
      details: { reason: `token ${id}: unknown`, denial: 'unknown-secret' },
    });
  });

  it('whose generation has ended, with the time', async () => {
    const { present } = await withToken({ ...ROTATED, generation: 3, valueIssuedAt: NOW - 5 });
    expect(await rejectionOf(present(await credentialOf()))).toMatchObject({
      code: 'token-rotated',
      details: { at: NOW - 5 },
    });
  });
});
