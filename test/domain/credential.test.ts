/** Credentials: what they say, in one spelling and no longer than clients take. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PULL, PULL_AND_PUSH } from '../../lib/domain/access.ts';
import {
  boundsOf,
  CREDENTIAL_LIFE_SECONDS,
  type Credential,
  credentialBody,
  formatCredential,
  formatMac,
  isCredentialKeyName,
  MAX_CREDENTIAL_LENGTH,
  parseCredential,
  readCredentialBody,
  withDigests,
} from '../../lib/domain/credential.ts';
import { digestsOf } from '../../lib/domain/digests.ts';
import { coveringPatterns } from '../../lib/domain/repository.ts';
import { CREDENTIAL_PREFIX, Secret } from '../../lib/domain/secret.ts';
import { account, nearName, pattern } from './arbitraries.ts';

const MAC = Buffer.alloc(32, 0xfb);
const JTI = 'AAECAwQFBgcICQoLDA0ODw';
const HANDLE = '0123456789abcdEF';
const ID = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';
const BASE: Credential = {
  jti: JTI,
  handle: HANDLE,
  parent: { kind: 'token', id: ID, generation: 3 },
  service: 'localhost:5000',
  access: 'pull',
  repositories: ['team/app', 'team/web/*'],
  alsoPull: ['base/*'],
  endsAt: 1_795_248_000,
};
const DIGEST = 'AbCdEfGhIjKlMn-_';
/** What `BASE` says, in the order in which it says it. */
const LIST: readonly unknown[] = [
  JTI,
  HANDLE,
  ['token', ID, 3],
  'localhost:5000',
  'pull',
  ['team/app', 'team/web/*'],
  ['base/*'],
  1_795_248_000,
];

function bodyOf(payload: string): string {
  return `plc_k1.${Buffer.from(payload).toString('base64url')}`;
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const digests = fc.array(text, { minLength: 1, maxLength: 3 }).map(names => digestsOf(names, JTI));
const parent: fc.Arbitrary<Credential['parent']> = fc.oneof(
  fc.record({ kind: fc.constant('token' as const), id: text, generation: fc.nat() }),
  fc.record({ kind: fc.constant('identity' as const), subject: account, policies: fc.option(digests) }),
  fc.record({
    kind: fc.constant('trust' as const),
    subject: account,
    ids: fc.oneof(fc.array(fc.uuid()), digests),
  }),
);
const credential: fc.Arbitrary<Credential> = fc.record({
  jti: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => Buffer.from(bytes).toString('base64url')),
  handle: fc.constantFrom(HANDLE, 'zzzzzzzzzzzzzzzz'),
  parent,
  service: text,
  access: fc.constantFrom('pull', 'push'),
  repositories: fc.option(fc.oneof(fc.array(pattern, { maxLength: 4 }), digests)),
  alsoPull: fc.option(fc.oneof(fc.array(pattern, { maxLength: 2 }), digests)),
  endsAt: fc.integer(),
});
const key = fc.string({ unit: fc.constantFrom('k', 'z', '0', '9'), minLength: 1, maxLength: 8 });

describe('a credential', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(credential, key, (facts, name) => {
        const body = credentialBody(name, facts);
        expect(body).toMatch(/^plc_[a-z0-9]{1,8}\.[A-Za-z0-9_-]+$/);
        expect(readCredentialBody(body)).toEqual(facts);
      }),
      { numRuns: 2000 },
    );
  });

  it('is split into the body and MAC that it was made of', () => {
    fc.assert(
      fc.property(credential, key, fc.uint8Array({ minLength: 32, maxLength: 32 }), (facts, name, bytes) => {
        const body = credentialBody(name, facts);
        const sealed = formatCredential(body, bytes);
        const whole = body + Buffer.from(bytes).toString('base64url');
        expect(sealed?.reveal()).toBe(whole.length <= 1024 ? whole : undefined);
        if (sealed === undefined) return;
        expect(parseCredential(sealed)).toEqual({ key: name, body, mac: formatMac(bytes) });
      }),
      { numRuns: 1000 },
    );
  });

  it('begins with its prefix, its key and its payload as a list', () => {
    expect(CREDENTIAL_PREFIX).toBe('plc_');
    expect(credentialBody('k1', BASE)).toBe(bodyOf(JSON.stringify(LIST)));
    const subject = 'github:repo:octo-org/octo-repo' as const;
    const others: [Credential['parent'], unknown[]][] = [
      [{ kind: 'identity', subject, policies: null }, ['identity', subject]],
      [{ kind: 'identity', subject, policies: { digests: DIGEST } }, ['identity', subject, DIGEST]],
      [{ kind: 'trust', subject, ids: ['a', 'b'] }, ['trust', subject, ['a', 'b']]],
      [{ kind: 'trust', subject, ids: { digests: DIGEST } }, ['trust', subject, DIGEST]],
    ];
    for (const [of, list] of others) {
      const body = credentialBody('k1', { ...BASE, parent: of });
      expect(body).toBe(bodyOf(JSON.stringify(LIST.with(2, list))));
      expect(readCredentialBody(body)).toEqual({ ...BASE, parent: of });
    }
  });

  it('lives from a minute to twelve hours, and an hour by default', () => {
    expect(CREDENTIAL_LIFE_SECONDS).toEqual({ min: 60, default: 3600, max: 43_200 });
  });

  it('is 1024 characters long at most', () => {
    const lengths = Array.from({ length: 900 }, (_, i) => {
      const body = credentialBody('k1', { ...BASE, service: 's'.repeat(i) });
      return [body.length + 43, formatCredential(body, MAC)?.reveal().length] as const;
    });
    for (const [length, sealed] of lengths) expect(sealed).toBe(length <= 1024 ? length : undefined);
    const longest = Math.max(...lengths.map(([, sealed]) => sealed ?? 0));
    expect([longest, MAX_CREDENTIAL_LENGTH]).toEqual([1024, 1024]);
  });

  it('has a MAC in base64url, without padding', () => {
    expect(formatMac(MAC)).toBe('-_v7'.repeat(10).concat('-_s'));
  });
});

describe('a value comes apart', () => {
  const MINIMAL = `plc_k.A${'m'.repeat(43)}`;
  it.each([
    ['of one character and one for the key', MINIMAL, { key: 'k', body: 'plc_k.A', mac: 'm'.repeat(43) }],
    [
      'with a key of eight and every letter that there is',
      `plc_k0000009.azAZ09-_${'-_aA0zZ9'.repeat(6).slice(0, 43)}`,
      { key: 'k0000009', body: 'plc_k0000009.azAZ09-_', mac: '-_aA0zZ9'.repeat(6).slice(0, 43) },
    ],
    [
      'of 1024 characters',
      `plc_k0000009.${'A'.repeat(968)}${'m'.repeat(43)}`,
      { key: 'k0000009', body: `plc_k0000009.${'A'.repeat(968)}`, mac: 'm'.repeat(43) },
    ],
  ])('%s', (_, value, parts) => expect(parseCredential(new Secret(value))).toEqual(parts));

  it.each([
    ...['', 'plc_', 'plc_k.', `plc_k.${'m'.repeat(43)}`, `plc_.A${'m'.repeat(43)}`],
    ...[` ${MINIMAL}`, `${MINIMAL} `, `${MINIMAL}\n`, `\n${MINIMAL}`, `${MINIMAL}=`, `x${MINIMAL}`],
    ...[MINIMAL.toUpperCase(), MINIMAL.replace('plc_', 'plp_'), MINIMAL.replace('k', 'K')],
    ...[MINIMAL.replace('.', ','), MINIMAL.replace('.', '..'), MINIMAL.replace('A', '+')],
    ...[MINIMAL.replace('A', 'A.'), MINIMAL.replace('k', 'k-'), MINIMAL.replace('k', 'k00000099')],
    ...[MINIMAL.replace('A', 'é'), MINIMAL.replace('A', '\0'), MINIMAL.replace('A', '/')],
    `plc_k.${'A'.repeat(1001)}${'m'.repeat(43)}`,
    `plc_k0000009.${'A'.repeat(969)}${'m'.repeat(43)}`,
    `plc_k.${'A'.repeat(1_000_000)}`,
  ])('only if it can be a credential, and never from %j', value => {
    expect(parseCredential(new Secret(value))).toBeUndefined();
  });

  it('does not parse to other parts after a change of one character', () => {
    const value = formatCredential(credentialBody('k1', BASE), MAC)?.reveal() ?? '';
    const parts = parseCredential(new Secret(value));
    for (let at = 0; at < value.length; at++) {
      for (const other of ['A', 'b', '9', '-', '.', '=', ' ']) {
        if (value[at] === other) continue;
        const near = parseCredential(new Secret(value.slice(0, at) + other + value.slice(at + 1)));
        expect(near).not.toEqual(parts);
        if (near !== undefined) expect(near.body + near.mac).not.toBe(value);
      }
    }
  });
});

describe('what is authentic, but not of this version, is not read:', () => {
  const json = (at: number, value: unknown) => JSON.stringify(LIST.with(at, value));
  const cases: Record<string, string> = {
    nothing: '',
    'no JSON': '[',
    'an object': '{}',
    'a number': '7',
    null: 'null',
    'a text': '"plc"',
    'an empty list': '[]',
    'a member too few': JSON.stringify(LIST.slice(0, -1)),
    'a member too many': JSON.stringify([...LIST, null]),
    'white space': JSON.stringify(LIST, null, 1),
    'white space behind it': `${JSON.stringify(LIST)} `,
    'an escape that need not be': JSON.stringify(LIST).replace('pull', '\\u0070ull'),
    'a number in another spelling': JSON.stringify(LIST).replace('1795248000', '1795248e3'),
    'a number with a fraction': JSON.stringify(LIST).replace('1795248000', '1795248000.5'),
    'a jti that is a number': json(0, 7),
    'a jti that is too short': json(0, JTI.slice(1)),
    'a jti that is too long': json(0, `${JTI}A`),
    'a jti with another letter': json(0, `${JTI.slice(1)}+`),
    'a jti in a list': json(0, [JTI]),
    'a handle that is too short': json(1, HANDLE.slice(1)),
    'a handle in a list': json(1, [HANDLE]),
    'no parent': json(2, null),
    'a parent that is a text': json(2, 'token'),
    'a parent of no kind': json(2, []),
    'a parent of another kind': json(2, ['credential', 'a:b', 1]),
    'a parent of another kind with trusts': json(2, ['trusts', 'a:b', ['x']]),
    'a token whose id is a number': json(2, ['token', 7, 3]),
    'a token without generation': json(2, ['token', ID]),
    'a token with a generation in words': json(2, ['token', ID, '3']),
    'a token with half a generation': json(2, ['token', ID, 3.5]),
    'a token with more': json(2, ['token', ID, 3, 4]),
    'an identity without issuer': json(2, ['identity', 'alice']),
    'an identity without a subject': json(2, ['identity']),
    'an identity with more': json(2, ['identity', 'dev:alice', 1]),
    'an identity with policies that are no digests': json(2, ['identity', 'dev:alice', 'too-short']),
    'an identity with no digests': json(2, ['identity', 'dev:alice', '']),
    'an identity with a list of policies': json(2, ['identity', 'dev:alice', [DIGEST]]),
    'an identity with more than its policies': json(2, ['identity', 'dev:alice', DIGEST, 1]),
    'repositories by a digest and a half': json(5, `${DIGEST}AbCdEfGh`),
    'repositories by a digest with another letter': json(5, DIGEST.replace('_', '+')),
    'repositories by no digests': json(5, ''),
    'repositories by a list of digests': json(5, [DIGEST]),
    'a trust without issuer': json(2, ['trust', 'repo', ['x']]),
    'a trust without ids': json(2, ['trust', 'github:repo']),
    'a trust with one id': json(2, ['trust', 'github:repo', 'x']),
    'a trust whose id is a number': json(2, ['trust', 'github:repo', ['x', 7]]),
    'a service that is a number': json(3, 5000),
    'no service': json(3, null),
    'an access that no credential has': json(4, 'delete'),
    'an access in a list': json(4, ['pull']),
    'no access': json(4, null),
    'a repository that is no list': json(5, 'team/app'),
    'a repository that is a number': json(5, ['team/app', 7]),
    'a repository that is no pattern': json(5, ['team/app', '*']),
    'repositories in an object': json(5, { 0: 'team/app' }),
    'what it may pull besides that is no list': json(6, 'base/app'),
    'what it may pull besides that is no pattern': json(6, ['*']),
    'no end': json(7, null),
    'an end in words': json(7, '1795248000'),
    'an end that no integer holds': json(7, 2 ** 53),
  };
  it.each(Object.entries(cases))('%s', (_, payload) => {
    expect(readCredentialBody(bodyOf(payload))).toBeUndefined();
  });

  it('accepts a valid payload, and empty lists', () => {
    expect(readCredentialBody(bodyOf(JSON.stringify(LIST)))).toEqual(BASE);
    for (const [at, value] of [
      [5, null],
      [5, []],
      [6, null],
      [6, []],
      [5, DIGEST],
      [6, DIGEST.repeat(32)],
      [4, 'push'],
      [2, ['trust', 'a:b', []]],
      [2, ['identity', 'a:b']],
    ] as const) {
      expect(readCredentialBody(bodyOf(json(at, value)))).toBeDefined();
    }
  });

  it('refuses bytes that are not text, and random payloads', () => {
    expect(readCredentialBody(`plc_k1.${Buffer.from([0xff, 0xfe]).toString('base64url')}`)).toBeUndefined();
    fc.assert(
      fc.property(nearName, name => {
        expect(readCredentialBody(bodyOf(name))).toBeUndefined();
        expect(readCredentialBody(name)).toBeUndefined();
      }),
    );
  });
});

describe('a credential key may be called', () => {
  it.each(['k', 'k1', '0', 'abcdefgh', '12345678'])('%s', name =>
    expect(isCredentialKeyName(name)).toBe(true),
  );
  it.each(['', 'K', 'k-1', 'k_1', 'k.1', 'abcdefghi', ' k', 'k ', 'k\n', 'ö'])('not %j', name =>
    expect(isCredentialKeyName(name)).toBe(false),
  );
});

describe('the bounds of a credential', () => {
  const both = { repositories: ['team/app', 'team/web/*'], actions: PULL_AND_PUSH };
  it.each<[string, Partial<Credential>, ReturnType<typeof boundsOf>]>([
    ['pull in its repositories', { alsoPull: [] }, [{ ...both, actions: PULL }]],
    ['push in its repositories, and pull in others', {}, [both, { repositories: ['base/*'], actions: PULL }]],
    [
      'push in its repositories, and pull in all',
      { alsoPull: null },
      [both, { repositories: null, actions: PULL }],
    ],
    ['push in its repositories alone', { alsoPull: [] }, [both]],
  ])('are %s', (name, facts, bounds) => {
    const access = name.startsWith('push') ? 'push' : 'pull';
    expect(boundsOf({ ...BASE, access, ...facts }, ['team/app'])).toEqual(bounds);
  });

  it('by digests are, for any repository, those of the patterns', () => {
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 6 }), fc.array(pattern), (some, others) => {
        const listed = { ...BASE, repositories: some, alsoPull: [] };
        const asked = [...some, ...others].map(each => each.replace(/\*$/, 'below'));
        const [bound] = boundsOf(withDigests(listed), asked);
        for (const name of asked) {
          const isIn = (patterns: readonly string[]) =>
            coveringPatterns(name).some(each => patterns.includes(each));
          expect([name, isIn(bound?.repositories ?? [])]).toEqual([name, isIn(some)]);
        }
      }),
    );
  });

  it('by digests are none where nothing that it is for was asked for', () => {
    const short = withDigests(BASE);
    const NONE = { repositories: [], actions: PULL };
    for (const asked of [[], ['team/app2'], ['team/web'], ['team/app/x', 'bas/e', 'Team/app']]) {
      expect(boundsOf(short, asked)).toEqual([NONE, NONE]);
    }
    expect(boundsOf(short, ['team/web/ui', 'base/os'])).toEqual([
      { repositories: ['team/web/*'], actions: PULL },
      { repositories: ['base/*'], actions: PULL },
    ]);
    expect(boundsOf({ ...short, jti: `B${JTI.slice(1)}` }, ['team/app'])).toEqual([NONE, NONE]);
  });

  it.each<[set: string, Credential['repositories']]>([
    ['every repository', null],
    ['no repository', []],
    ['digests', { digests: DIGEST }],
  ])('stay as they are in a shorter credential where they are %s', (_, set) => {
    const { repositories, alsoPull } = withDigests({ ...BASE, repositories: set, alsoPull: set });
    expect([repositories, alsoPull]).toEqual([set, set]);
  });

  it('by digests fit into a credential for 32 patterns of any length', () => {
    const repositories = Array.from({ length: 32 }, (_, i) => `team/${'a'.repeat(240)}${i}`);
    const body = credentialBody('k12345', withDigests({ ...BASE, service: 's'.repeat(60), repositories }));
    expect(formatCredential(body, MAC)?.reveal().length).toBeLessThanOrEqual(1024);
    expect(formatCredential(credentialBody('k1', { ...BASE, repositories }), MAC)).toBeUndefined();
  });
});
