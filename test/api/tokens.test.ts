/** Adding, reading, listing, changing and removing registry tokens over HTTP. */

import { beforeAll, describe, expect, it } from 'vitest';
import { inBatches } from '../support/batches.ts';
import { grantOf } from '../support/claims.ts';
import { ALICE, BOB, CAROL } from '../support/deployment.ts';
import type { Received, Sent } from '../support/events.ts';
import { alice, deployment, useDeployment } from '../support/setup.ts';

useDeployment();
beforeAll(async () => {
  await alice('PUT /v1/namespaces/team-a');
});

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const SCOPE = 'repository:team-a/app:pull,push';
const add = (json: unknown = {}) => alice('POST /v1/tokens', { json });
const DISABLED = { disabled: true, disabledAt: expect.stringMatching(TIME), disabledBy: 'dev:alice' };
const NETWORKS = ['192.0.2.0/24', '2001:db8::/32'];
const secondsUntil = (time: string) => Math.round((Date.parse(time) - Date.now()) / 1000);

const LABEL_NAME = 'must be named with 1 to 63 of a-z, 0-9, dot, underscore, slash and hyphen';
const LONGEST_LABEL = { labels: { ['k'.repeat(63)]: '\u{1f98a}'.repeat(63) } };

function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, String(i)]));
}

function problems({ status, json }: Received): unknown[] {
  return [
    status,
    ...(json.errors ?? []).map(
      ({ path, message }: { path: string; message: string }) => `${path}: ${message}`,
    ),
  ];
}

describe('a token that is added', () => {
  it('may pull everywhere in the account for a day by default', async () => {
    for (const sent of [{ json: {} }, {}, { json: { repositories: null } }]) {
      const { status, json, headers } = await alice('POST /v1/tokens', sent);
      expect([status, headers.location]).toEqual([201, `/v1/tokens/${json.id}`]);
      expect(json).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        description: '',
        access: 'pull',
        repositories: null,
        createdAt: expect.stringMatching(TIME),
        createdBy: 'dev:alice',
        expiresAt: expect.stringMatching(TIME),
        valueIssuedAt: json.createdAt,
        ...{ name: null, labels: {}, owner: null, networks: null, generation: 1, previousValue: null },
        ...{ lastUsedAt: null, lastUsed: null, disabled: false, disabledAt: null, disabledBy: null },
        ...{ retrievable: true, selfRotate: false },
        limits: null,
        token: expect.stringMatching(/^plp_[0-9A-Za-z]{87}$/),
      });
      expect(secondsUntil(json.expiresAt)).toBe(86_400);
      expect(grantOf(await deployment.logIn(json.token, SCOPE))).toEqual(['repository:team-a/app:pull']);
    }
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a description', { description: 'CI of the 🦊 team' }, { description: 'CI of the 🦊 team' }],
    ['the longest description', { description: 'x'.repeat(256) }, { description: 'x'.repeat(256) }],
    ['push', { access: 'push' }, { access: 'push' }],
    ['no end', { nonExpiring: true }, { expiresAt: null }],
    ['a limit', { limits: { pullsPerDay: 5 } }, { limits: { pullsPerDay: 5 } }],
    ['no limits', { limits: {} }, { limits: null }],
    ['limits null', { limits: null }, { limits: null }],
    ['an end that was not wished away', { nonExpiring: false, expiresInSeconds: 60 }, {}],
    ['one repository', { repositories: ['team-a/app'] }, { repositories: ['team-a/app'] }],
    ['32 patterns', { repositories: Array.from({ length: 32 }, (_, i) => `team-a/r${i}/*`) }, {}],
    [
      'patterns of a namespace that is not owned',
      { repositories: ['elsewhere/*'] },
      { repositories: ['elsewhere/*'] },
    ],
    ['a value that is shown once', { retrievable: false }, { retrievable: false }],
    ['eight labels', { labels: labels(8) }, { labels: labels(8) }],
    ['no labels', { labels: {} }, { labels: {} }],
    ['the longest label', LONGEST_LABEL, LONGEST_LABEL],
    ['the longest owner', { owner: '\u{1f98a}'.repeat(128) }, { owner: '\u{1f98a}'.repeat(128) }],
    ['no owner', { owner: null }, { owner: null }],
    ['networks', { networks: NETWORKS }, { networks: NETWORKS }],
    ['no networks', { networks: null }, { networks: null }],
    ['rotation by its holder', { selfRotate: true }, { selfRotate: true }],
  ])('takes %s', async (_, body, expected) => {
    const { status, json } = await add(body);
    expect([status, json]).toEqual([201, expect.objectContaining({ ...expected })]);
    const { token: __, ...object } = json;
    expect((await alice(`GET /v1/tokens/${json.id}`)).json).toEqual(object);
    expect((await deployment.logIn(json.token)).status).toBe(200);
  });

  it.each([60, 86_400, 31_536_000])('lives %d seconds if it is to', async expiresInSeconds => {
    expect(secondsUntil((await add({ expiresInSeconds })).json.expiresAt)).toBe(expiresInSeconds);
  });

  it.each<[string, unknown, unknown[]]>([
    ['an unknown member', { readwrite: true }, ['readwrite: is an unknown field']],
    ['a member of the answer', { createdBy: 'dev:bob' }, ['createdBy: is an unknown field']],
    ['a list', [], [': must be an object']],
    ['a string', 'x', [': must be an object']],
    ['null', null, [': must be an object']],
    ['a description that is a number', { description: 5 }, ['description: must be a string']],
    ['a description that is null', { description: null }, ['description: must be a string']],
    [
      'a description of 257 characters',
      { description: 'x'.repeat(257) },
      ['description: must have at most 256 characters'],
    ],
    [
      'a description with a line feed',
      { description: 'a\nb' },
      ['description: must not hold control characters or lone surrogates'],
    ],
    [
      'a description with an escape sequence',
      { description: '\u001b[31m' },
      ['description: must not hold control characters or lone surrogates'],
    ],
    [
      'a description with half a surrogate pair',
      { description: '\ud800' },
      ['description: must not hold control characters or lone surrogates'],
    ],
    ['nine labels', { labels: labels(9) }, ['labels: must hold at most 8 labels']],
    ['a label in upper case', { labels: { Team: 'x' } }, [`labels.Team: ${LABEL_NAME}`]],
    ['a label without a name', { labels: { '': 'x' } }, [`labels.?: ${LABEL_NAME}`]],
    ['a label of 64 characters', { labels: { ['k'.repeat(64)]: 'x' } }, [`labels.?: ${LABEL_NAME}`]],
    [
      'a label that every object has',
      { labels: { constructor: 'x' } },
      ['labels: must not name anything constructor'],
    ],
    [
      'a value of 64 characters',
      { labels: { team: 'x'.repeat(64) } },
      ['labels.team: must have at most 63 characters'],
    ],
    [
      'a value with a line feed',
      { labels: { team: 'a\nb' } },
      ['labels.team: must not hold control characters or lone surrogates'],
    ],
    ['a label that is a number', { labels: { team: 1 } }, ['labels.team: must be a string']],
    ['labels that are null', { labels: null }, ['labels: must be an object of names and values']],
    ['labels that are a list', { labels: ['team'] }, ['labels: must be an object of names and values']],
    ['an owner without a name', { owner: '' }, ['owner: must not be empty; null means that there is none']],
    ['an owner of 129 characters', { owner: 'x'.repeat(129) }, ['owner: must have at most 128 characters']],
    [
      'no networks at all',
      { networks: [] },
      ['networks: must hold at least one network; null means any address'],
    ],
    ['a name', { name: 'farm' }, ['name: is an unknown field']],
    ['rotation by a word', { selfRotate: 'yes' }, ['selfRotate: must be true or false']],
    ['an unknown access', { access: 'delete' }, ['access: must be pull or push']],
    ['an access in capitals', { access: 'PULL' }, ['access: must be pull or push']],
    ['an end too near', { expiresInSeconds: 59 }, ['expiresInSeconds: must be at least 60']],
    ['an end too far', { expiresInSeconds: 31_536_001 }, ['expiresInSeconds: must be at most 31536000']],
    ['an end in between', { expiresInSeconds: 60.5 }, ['expiresInSeconds: must be a whole number']],
    ['an end in a string', { expiresInSeconds: '60' }, ['expiresInSeconds: must be a whole number']],
    ['an end that is null', { expiresInSeconds: null }, ['expiresInSeconds: must be a whole number']],
    [
      'an end and none',
      { nonExpiring: true, expiresInSeconds: 60 },
      [': must have nonExpiring or expiresInSeconds, not both'],
    ],
    ['nonExpiring in a string', { nonExpiring: 'true' }, ['nonExpiring: must be true or false']],
    [
      'no repositories',
      { repositories: [] },
      ['repositories: must hold at least one pattern; null means all namespaces'],
    ],
    [
      '33 repositories',
      { repositories: Array.from({ length: 33 }, (_, i) => `team-a/r${i}`) },
      ['repositories: must hold at most 32 patterns'],
    ],
    [
      'a repository twice',
      { repositories: ['team-a/x', 'team-a/x'] },
      ['repositories: must not hold a pattern twice'],
    ],
    [
      'a repository that is no name',
      { repositories: ['team-a/x', 'Team/x'] },
      ["repositories[1]: 'Team/x' has capital letters, which registries refuse; use 'team/x'"],
    ],
    [
      'a namespace alone',
      { repositories: ['team-a'] },
      ["repositories[0]: 'team-a' is a namespace, not a repository; use 'team-a/*'"],
    ],
    [
      'a star alone',
      { repositories: ['*'] },
      [
        "repositories[0]: '*' is no pattern; to mean every repository, leave the repositories out (null); name it like team-a/app, or team-a/* for everything below",
      ],
    ],
    ['a repository that is a number', { repositories: [5] }, ['repositories[0]: must be a string']],
    [
      'repositories in a string',
      { repositories: 'team-a/x' },
      ['repositories: must be a list of repository patterns, or null'],
    ],
    ['retrievable null', { retrievable: null }, ['retrievable: must be true or false']],
    ['no pulls', { limits: { pullsPerDay: 0 } }, ['limits.pullsPerDay: must be at least 1']],
    ['half a pull', { limits: { pullsPerDay: 1.5 } }, ['limits.pullsPerDay: must be a whole number']],
    [
      'too many pulls',
      { limits: { pullsPerDay: 1e9 + 1 } },
      ['limits.pullsPerDay: must be at most 1000000000'],
    ],
    [
      'two faults, both named',
      { access: 'x', description: 1 },
      ['description: must be a string', 'access: must be pull or push'],
    ],
  ])('is refused for %s', async (_, body, expected) => {
    const answer = await add(body);
    expect(problems(answer)).toEqual([400, ...expected]);
    expect(answer.json.code).toBe('invalid-request');
  });

  it('may have a description of 256 characters of any plane, and no more', async () => {
    for (const [count, status] of [
      [256, 201],
      [257, 400],
    ] as const) {
      expect((await add({ description: '🦊'.repeat(count) })).status).toBe(status);
    }
  });

  it.each([
    ['a member twice', '{"access":"pull","access":"push"}'],
    ['a member twice, once escaped', '{"access":"pull","\\u0061ccess":"push"}'],
    ['__proto__', '{"__proto__":{"access":"push"}}'],
    ['constructor', '{"constructor":{"prototype":{}}}'],
    ['broken JSON', '{'],
    ['deep nesting', `${'['.repeat(21)}${']'.repeat(21)}`],
    ['a number beyond all bounds', '{"expiresInSeconds":1e999}'],
  ])('is refused for a body with %s', async (_, body) => {
    const answer = await alice('POST /v1/tokens', { body, headers: { 'content-type': 'application/json' } });
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid-request']);
  });

  it.each([
    [415, 'POST /v1/tokens', 'text/plain'],
    [415, 'POST /v1/tokens', 'application/x-www-form-urlencoded'],
    [415, 'PATCH /v1/tokens/x', 'text/json'],
    [415, 'POST /v1/tokens/x/rotate', 'application/merge-patch+json'],
    [201, 'POST /v1/tokens', 'application/json;charset=utf-8'],
  ])('is answered with %d to %s of media type %s', async (status, line, contentType) => {
    const answer = await alice(line, { body: '{}', headers: { 'content-type': contentType } });
    expect(answer.status).toBe(status);
  });

  it('is not added when the store does not answer', async () => {
    deployment.wire.cut = ({ operation }) => operation === 'PutItem';
    const answer = await add();
    deployment.wire.cut = () => false;
    expect([answer.status, answer.json.code]).toEqual([503, 'unavailable']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('a list of tokens', () => {
  const list = async (query: string, who = BOB) => deployment.as(who)(`GET /v1/tokens${query}`);
  const idsIn = ({ json }: Received): string[] => json.tokens.map(({ id }: { id: string }) => id);

  async function walk(
    limit: number,
    between: () => Promise<unknown> = async () => undefined,
  ): Promise<string[]> {
    const ids: string[] = [];
    let query = `?limit=${limit}`;
    for (;;) {
      const answer = await list(query);
      expect(answer.status).toBe(200);
      expect(answer.json.tokens.length).toBeLessThanOrEqual(limit);
      ids.push(...idsIn(answer));
      if (answer.json.nextCursor === null) return ids;
      query = `?limit=${limit}&cursor=${answer.json.nextCursor}`;
      await between();
    }
  }

  it('is empty at first, has the newest first, and never a value', async () => {
    const bob = deployment.as(BOB);
    expect((await list('')).json).toEqual({ tokens: [], nextCursor: null });
    const ids: string[] = [];
    for (const description of ['first', 'second', 'third']) {
      deployment.wait(1);
      const { json } = await bob('POST /v1/tokens', { json: { description, nonExpiring: true } });
      ids.unshift(json.id);
    }
    const answer = await list('');
    expect(idsIn(answer)).toEqual(ids);
    const { token: _, ...object } = (await bob(`GET /v1/tokens/${ids[0]}`)).json;
    expect(answer.json.tokens[0]).toEqual(object);
    expect(answer.text).not.toContain('plp_');
    expect(idsIn(await alice('GET /v1/tokens?limit=200'))).not.toEqual(expect.arrayContaining(ids));
  });

  it('misses nothing and shows nothing twice while others are added, removed and expire', async () => {
    const bob = deployment.as(BOB);
    const staying = new Set<string>();
    const going: string[] = [];
    await inBatches(
      Array.from({ length: 500 }, (_, i) => i),
      async i => {
        const json = i % 5 === 0 ? { expiresInSeconds: 60 } : { nonExpiring: true };
        const { id } = (await bob('POST /v1/tokens', { json })).json;
        if (i % 5 === 0) return;
        if (i % 5 === 1) going.push(id);
        else staying.add(id);
      },
    );
    deployment.wait(30);
    const shown = await walk(23, async () => {
      deployment.wait(2);
      await bob('POST /v1/tokens', { json: {} });
      await bob(`DELETE /v1/tokens/${going.pop()}`);
    });
    expect(new Set(shown).size).toBe(shown.length);
    expect([...staying].filter(id => !shown.includes(id))).toEqual([]);
    deployment.wait(60);
    const after = await walk(200);
    expect([...staying, ...going].filter(id => !after.includes(id))).toEqual([]);
    expect(after.length).toBe(new Set(after).size);
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=201', 'limit'],
    ['?limit=-1', 'limit'],
    ['?limit=1.5', 'limit'],
    ['?limit=', 'limit'],
    ['?limit=1e2', 'limit'],
    ['?limit=%D9%A3', 'limit'],
    ['?cursor=', 'cursor'],
    ['?cursor=x', 'cursor'],
    [`?cursor=${'0'.repeat(30)}`, 'cursor'],
    ['?cursor=../../etc/passwd', 'cursor'],
  ])('is not made of %s', async (query, path) => {
    const { status, json } = await list(query);
    expect([status, json.code, json.errors?.[0]?.path]).toEqual([400, 'invalid-request', path]);
  });

  it('does not choose between two limits', async () => {
    expect((await list('?limit=1&limit=2')).status).toBe(400);
  });

  it('takes 1 and 200 for a limit', async () => {
    expect((await list('?limit=1')).json.tokens).toHaveLength(1);
    expect((await list('?limit=200')).json.tokens).toHaveLength(200);
    expect((await list('')).json.tokens).toHaveLength(50);
  });

  it('does not go on from the cursor of another account, nor from a changed one', async () => {
    const { nextCursor } = (await list('?limit=1')).json;
    const changed = nextCursor.slice(0, -1) + (nextCursor.endsWith('a') ? 'b' : 'a');
    for (const [cursor, who] of [
      [nextCursor, ALICE],
      [changed, BOB],
      [nextCursor.slice(1), BOB],
      [`${nextCursor}0`, BOB],
    ] as const) {
      expect((await list(`?cursor=${cursor}`, who)).status).toBe(400);
    }
    expect((await list(`?cursor=${nextCursor}`)).status).toBe(200);
  });

  it('goes on from the cursor of a colleague, and of a token that was removed', async () => {
    const bob = deployment.as(BOB);
    const first = await list('?limit=1');
    const second = await list(`?limit=1&cursor=${first.json.nextCursor}`);
    await bob(`DELETE /v1/tokens/${idsIn(first)[0]}`);
    expect(idsIn(await list(`?limit=1&cursor=${first.json.nextCursor}`))).toEqual(idsIn(second));
    const [page, colleague] = [await alice('GET /v1/tokens?limit=1'), deployment.as(CAROL)];
    expect((await colleague(`GET /v1/tokens?cursor=${page.json.nextCursor}`)).status).toBe(200);
  });
});

describe('a token that is changed', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['its description', { description: 'new' }, { description: 'new' }],
    ['its access', { access: 'push' }, { access: 'push' }],
    ['its repositories', { repositories: ['team-a/x'] }, { repositories: ['team-a/x'] }],
    ['its repositories, to all', { repositories: null }, { repositories: null }],
    ['that it is disabled', { disabled: true }, DISABLED],
    [
      'its labels',
      { labels: { b: '', 'a/x.y_z-1': 'für 構築' } },
      { labels: { b: '', 'a/x.y_z-1': 'für 構築' } },
    ],
    ['its owner', { owner: 'ops@acme.example' }, { owner: 'ops@acme.example' }],
    ['its networks', { networks: NETWORKS }, { networks: NETWORKS }],
    ['who may rotate it', { selfRotate: true }, { selfRotate: true }],
    ['that it has no end', { nonExpiring: true }, { expiresAt: null }],
    [
      'everything at once',
      { description: 'a', access: 'push', disabled: true, repositories: ['b1/c'], nonExpiring: true },
      { description: 'a', access: 'push', ...DISABLED, repositories: ['b1/c'], expiresAt: null },
    ],
  ])('changes %s and nothing else', async (_, change, expected) => {
    const { token: __, ...before } = (await add({ repositories: ['team-a/*'] })).json;
    deployment.wait(5);
    const { status, json } = await alice(`PATCH /v1/tokens/${before.id}`, { json: change });
    expect([status, json]).toEqual([200, { ...before, ...expected }]);
    expect((await alice(`GET /v1/tokens/${before.id}`)).json).toEqual(json);
  });

  it('ends so many seconds from the change, not from its making', async () => {
    const { id } = (await add()).json;
    deployment.wait(1000);
    const { json } = await alice(`PATCH /v1/tokens/${id}`, { json: { expiresInSeconds: 60 } });
    expect(secondsUntil(json.expiresAt)).toBe(60);
  });

  it('logs in as it was changed, from then on', async () => {
    const { id, token } = (await add()).json;
    const change = (json: unknown) => alice(`PATCH /v1/tokens/${id}`, { json });
    await change({ access: 'push' });
    expect(grantOf(await deployment.logIn(token, SCOPE))).toEqual(['repository:team-a/app:pull,push']);
    await change({ repositories: ['team-a/other'] });
    expect(grantOf(await deployment.logIn(token, SCOPE))).toEqual([]);
    await change({ disabled: true });
    expect((await deployment.logIn(token)).status).toBe(401);
    await change({ disabled: false });
    expect((await deployment.logIn(token)).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['an unknown member', { retrievable: false }],
    ['another account', { account: 'dev:rival' }],
    ['an end and none', { nonExpiring: true, expiresInSeconds: 60 }],
    ['nonExpiring false, which says nothing', { nonExpiring: false }],
    ['null for an end', { expiresInSeconds: null }],
    ['disabled null', { disabled: null }],
    ['an unknown limit', { limits: { pushesPerDay: 1 } }],
    ['a number for limits', { limits: 5 }],
    ['no repositories', { repositories: [] }],
    ['a list', []],
  ])('is not changed by %s', async (_, change) => {
    const { token: __, ...before } = (await add()).json;
    const { status, json } = await alice(`PATCH /v1/tokens/${before.id}`, { json: change });
    expect([status, json.code]).toEqual([400, 'invalid-request']);
    expect((await alice(`GET /v1/tokens/${before.id}`)).json).toEqual(before);
  });

  it('gets a limit, another one, and none', async () => {
    const { id } = (await add()).json;
    for (const [limits, expected] of [
      [{ pullsPerDay: 5 }, { pullsPerDay: 5 }],
      [{ pullsPerDay: 6 }, { pullsPerDay: 6 }],
      [undefined, { pullsPerDay: 6 }],
      [null, null],
      [{ pullsPerDay: 1 }, { pullsPerDay: 1 }],
      [{}, null],
    ]) {
      const { status, json } = await alice(`PATCH /v1/tokens/${id}`, { json: { description: 'x', limits } });
      expect([status, json.limits]).toEqual([200, expected]);
      expect((await alice(`GET /v1/tokens/${id}`)).json.limits).toEqual(expected);
    }
  });

  it('is not changed by an empty body', async () => {
    const { id } = (await add()).json;
    expect((await alice(`PATCH /v1/tokens/${id}`)).status).toBe(400);
  });

  it('keeps every one of many changes at once', async () => {
    const { id } = (await add()).json;
    const changes = [
      { description: 'x' },
      { access: 'push' },
      { repositories: ['team-a/x'] },
      { nonExpiring: true },
    ];
    const answers = await Promise.all(changes.map(json => alice(`PATCH /v1/tokens/${id}`, { json })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const after = (await alice(`GET /v1/tokens/${id}`)).json;
    expect(after).toMatchObject({
      description: 'x',
      access: 'push',
      repositories: ['team-a/x'],
      expiresAt: null,
    });
  });
});

describe('a token that is removed', () => {
  it('is gone at once, and a second time it is not there', async () => {
    const { id, token } = (await add()).json;
    expect(await alice(`DELETE /v1/tokens/${id}`)).toMatchObject({ status: 204, text: '' });
    expect((await deployment.logIn(token)).status).toBe(401);
    for (const line of [`DELETE /v1/tokens/${id}`, `GET /v1/tokens/${id}`, `GET /v1/tokens/${id}/value`]) {
      const { status, json } = await alice(line);
      expect([line, status, json.code]).toEqual([line, 404, 'not-found']);
    }
  });

  it('is not reported as removed when the store does not answer', async () => {
    const { id, token } = (await add()).json;
    deployment.wire.cut = ({ operation }) => operation === 'UpdateItem';
    const answer = await alice(`DELETE /v1/tokens/${id}`);
    deployment.wire.cut = () => false;
    expect([answer.status, answer.json.code]).toEqual([503, 'unavailable']);
    expect((await deployment.logIn(token)).status).toBe(200);
  });
});

describe('a token that is not there', () => {
  const LINES = [
    ['GET', ''],
    ['GET', '/value'],
    ['PATCH', ''],
    ['POST', '/rotate'],
    ['DELETE', ''],
  ] as const;
  const ask = (who: string, id: string) =>
    Promise.all(
      LINES.map(([method, tail]) => {
        const sent: Sent = method === 'PATCH' ? { json: { description: 'mine' } } : {};
        return deployment.as(who)(`${method} /v1/tokens/${id}${tail}`, sent);
      }),
    );

  it.each([
    ['an id that no token has', async () => '01a1fd51-c23e-7c1e-8dcf-87c09e970095'],
    [
      'the token of another account',
      async () => (await deployment.as(BOB)('POST /v1/tokens', { json: {} })).json.id,
    ],
    [
      'a token that has expired',
      async () => {
        const { id } = (await add({ expiresInSeconds: 60 })).json;
        deployment.wait(60);
        return id;
      },
    ],
  ])('is 404 to every route: %s', async (_, make) => {
    const answers = await ask(ALICE, await make());
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual(
      LINES.map(() => [404, 'not-found']),
    );
  });

  it.each(['x', '..', '%', '%2e%2e', 'plp_secret', '01a1fd51c23e7c1e8dcf87c09e970095'])(
    'is 400 to every route whose id is no UUID: %s',
    async id => {
      for (const { status, json } of await ask(ALICE, id)) {
        expect([status, json.code, json.errors]).toEqual([
          400,
          'invalid-request',
          [{ path: 'id', message: expect.stringMatching(/^must be a UUID/) }],
        ]);
      }
    },
  );

  it('is found by its id in capitals', async () => {
    const { id } = (await add()).json;
    const of = `/v1/tokens/${id.toUpperCase()}`;
    expect((await alice(`GET ${of}`)).json.id).toBe(id);
    expect((await alice(`GET ${of}/value`)).json.id).toBe(id);
    expect((await alice(`PATCH ${of}`, { json: { description: 'mine' } })).status).toBe(200);
    expect((await alice(`POST ${of}/rotate`, { json: {} })).status).toBe(200);
    expect((await alice(`DELETE ${of}`)).status).toBe(204);
  });

  it('is untouched by what another account tried', async () => {
    const { token, ...before } = (await add()).json;
    await ask(BOB, before.id);
    expect((await alice(`GET /v1/tokens/${before.id}`)).json).toEqual(before);
    expect((await deployment.logIn(token)).status).toBe(200);
  });
});
