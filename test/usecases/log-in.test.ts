/** A login: the claims of its access token, what it grants, and why it grants less. */
import { describe, expect, it } from 'vitest';
import { PULL, parseScopes } from '../../lib/domain/access.ts';
import { ANONYMOUS, type Principal } from '../../lib/domain/principal.ts';
import { logIn } from '../../lib/usecases/log-in.ts';
import { ACCOUNT, NOW } from '../support/records.ts';

const CALLER: Principal = {
  ...ANONYMOUS,
  kind: 'token',
  subject: 'token:x',
  account: ACCOUNT,
  permissions: [{ repositories: null, actions: PULL }],
  ownedNamespaces: new Set(['team-a']),
};

async function login(scopes: string[], principal: Principal = CALLER) {
  const signed: { claims: object; now: number }[] = [];
  const answer = await logIn(
    {
      signer: {
        sign: async (claims, now) => {
          signed.push({ claims, now });
          return 'signed';
        },
      },
      clock: () => NOW * 1000 + 999,
      randomBytes: count => new Uint8Array(count),
      issuer: 'https://pullpass.example',
    },
    {
      principal,
      service: {
        name: 'localhost:5000',
        registry: 'x',
        profile: 'x5c',
        algorithm: 'ES256',
        lifetimeSeconds: 300,
      },
      requested: parseScopes(scopes),
    },
  );
  return { answer, signed };
}

const granted = (name: string) => ({ type: 'repository', name, actions: ['pull'] });

describe('a login', () => {
  it('signs who it is for, at which registry, and what it grants', async () => {
    const { answer, signed } = await login(['repository:team-a/app:pull,push']);
    expect(answer).toEqual({
      accessToken: 'signed',
      expiresIn: 300,
      granted: [granted('team-a/app')],
      denied: [{ name: 'team-a/app', rule: 'action-not-allowed' }],
    });
    expect(signed).toEqual([
      {
        now: NOW,
        claims: {
          iss: 'https://pullpass.example',
          sub: 'token:x',
          aud: 'localhost:5000',
          iat: NOW - 60,
          nbf: NOW - 60,
          exp: NOW + 360,
          jti: 'A'.repeat(22),
          access: [granted('team-a/app')],
        },
      },
    ]);
  });

  it('ends with the secret that it was made with', async () => {
    const { answer } = await login([], { ...CALLER, endsAt: NOW + 100 });
    expect(answer).toEqual({ accessToken: 'signed', expiresIn: 100, granted: [], denied: [] });
  });

  it('grants nothing where nothing is allowed, and says why', async () => {
    const { answer } = await login(['repository:team-b/app:pull']);
    expect(answer).toMatchObject({
      granted: [],
      denied: [{ name: 'team-b/app', rule: 'namespace-not-held' }],
    });
  });

  it('grants what fits into the access token, in the order of the request, and names the rest', async () => {
    const names = Array.from(
      { length: 100 },
      (_, i) => `team-a/${String(i).padStart(3, '0')}${'x'.repeat(220)}`,
    );
    const { answer } = await login(names.map(name => `repository:${name}:pull`));
    const fitting = answer.granted.length;
    expect([fitting > 50, fitting < 100]).toEqual([true, true]);
    expect(answer.granted).toEqual(names.slice(0, fitting).map(granted));
    expect(answer.denied).toEqual(names.slice(fitting).map(name => ({ name, rule: 'token-full' })));
  });
});
