/** How an upstream is asked: the logins that it takes, where they may go, and what a refusal becomes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Upstream, UpstreamAuthentication } from '../../lib/domain/service.ts';
import { BREAKER_FAILURES } from '../../lib/limits/breaker.ts';
import { registryHttp } from '../../lib/upstream/http.ts';
import { upstreamLogins } from '../../lib/upstream/login.ts';
import { upstreamRegistry } from '../../lib/upstream/registry.ts';
import { answerManifest, MANIFEST, openUpstream, type TestUpstream } from '../support/upstream.ts';

const NOW_MS = 1_790_000_000_000;
const OPEN_MS = 10_000;
const BASIC = `Basic ${Buffer.from('robot:secret').toString('base64')}`;

let registry: TestUpstream;
let elsewhere: TestUpstream;
let directory: string;
beforeAll(async () => {
  [registry, elsewhere] = [await openUpstream(), await openUpstream()];
  directory = mkdtempSync(join(tmpdir(), 'pullpass-upstream-'));
  writeFileSync(join(directory, 'password'), 'secret\n');
});
afterAll(async () => {
  await registry.close();
  await elsewhere.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  for (const each of [registry, elsewhere]) {
    each.answer = answerManifest;
    each.asked.length = 0;
  }
});

const password = (): UpstreamAuthentication => ({
  kind: 'password',
  username: 'robot',
  password: `file:${join(directory, 'password')}`,
});

interface Asking {
  readonly authentication?: UpstreamAuthentication;
  readonly tokenHost?: string;
  readonly ecr?: () => Promise<unknown>;
}

/** A proxy's look at the upstream, whose clock can be moved. */
function asking({ authentication = password(), tokenHost, ecr = async () => ({}) }: Asking = {}) {
  const clock = { nowMs: NOW_MS };
  const upstream: Upstream = {
    url: registry.url,
    prefix: '',
    authentication,
    ...(tokenHost === undefined ? {} : { tokenHost }),
  };
  const login = upstreamLogins({
    readSecret: async arn => (arn.endsWith(':known') ? 'secret' : undefined),
    ecr: () => ecr,
    sts: () => async () => expect.fail('no role is configured'),
    sessionName: 'pullpass-test',
  });
  const limits = { connectMs: 300, firstByteMs: 300, idleMs: 300, openMs: OPEN_MS };
  const { ask } = upstreamRegistry({ send: registryHttp(limits), login, clock: () => clock.nowMs });
  const get = async (repository = 'team-a/app') => {
    const path = `/v2/${repository}/manifests/1`;
    const { status, body } = await ask({ upstream, method: 'GET', path, repository, headers: {} });
    return [status, await text(body)];
  };
  return { get, clock };
}

const headersOf = ({ asked }: TestUpstream) => asked.map(({ headers }) => headers.authorization);

/** Takes this header alone, and challenges for others. */
const takesOnly = (good: string, challenge: string) => (request: IncomingMessage, response: ServerResponse) =>
  request.headers.authorization === good
    ? answerManifest(request, response)
    : response.writeHead(401, { 'www-authenticate': challenge }).end();

/** A token endpoint that gives `t1`, `t2`, … */
function givesTokens(more: object = { expires_in: 60 }) {
  let count = 0;
  return (_: IncomingMessage, response: ServerResponse) => {
    count += 1;
    response.writeHead(200).end(JSON.stringify({ token: `t${count}`, ...more }));
  };
}

describe('an upstream', () => {
  it('that asks for no login gets none', async () => {
    expect(await asking().get()).toEqual([200, MANIFEST]);
    expect(headersOf(registry)).toEqual([undefined]);
  });

  it('that asks for Basic gets the password, and from then on at once', async () => {
    registry.answer = takesOnly(BASIC, 'Basic realm="r"');
    const { get } = asking();
    for (let i = 0; i < 2; i++) expect(await get()).toEqual([200, MANIFEST]);
    expect(headersOf(registry)).toEqual([undefined, BASIC, BASIC]);
  });

  it('that sends to its own token endpoint gets a token for that repository, used for half its life', async () => {
    const challenge = `Bearer realm="${registry.url}/token?x=1",service="r s"`;
    const tokens = givesTokens();
    registry.answer = (request, response) =>
      request.url?.startsWith('/token') === true
        ? tokens(request, response)
        : takesOnly(
            `Bearer t${registry.asked.filter(({ url }) => url.startsWith('/token')).length}`,
            challenge,
          )(request, response);
    const { get, clock } = asking();
    for (let i = 0; i < 2; i++) expect(await get()).toEqual([200, MANIFEST]);
    const [fetched, ...others] = registry.asked.filter(({ url }) => url.startsWith('/token'));
    expect(others).toEqual([]);
    expect(fetched?.url).toBe('/token?x=1&service=r+s&scope=repository%3Ateam-a%2Fapp%3Apull');
    expect(fetched?.headers.authorization).toBe(BASIC);
    await get('team-a/other');
    clock.nowMs += 30_001;
    await get();
    expect(registry.asked.filter(({ url }) => url.startsWith('/token'))).toHaveLength(3);
  });

  it.each<[what: string, answer: object, seconds: number]>([
    ['two minutes', { expires_in: 120 }, 120],
    ['nothing', {}, 60],
    ['a text', { expires_in: '120' }, 60],
    ['a fraction', { expires_in: 1.5 }, 60],
    ['no time', { expires_in: 0 }, 60],
  ])(
    'whose token says that it lives %s is asked for another after half of that, or of a minute',
    async (_, answer, seconds) => {
      const tokens = givesTokens(answer);
      registry.answer = (request, response) => {
        if (request.url?.startsWith('/token') === true) tokens(request, response);
        else if (/^Bearer t/.test(request.headers.authorization ?? '')) answerManifest(request, response);
        else response.writeHead(401, { 'www-authenticate': `Bearer realm="${registry.url}/token"` }).end();
      };
      const { get, clock } = asking();
      const fetched = () => registry.asked.filter(({ url }) => url.startsWith('/token'));
      await get();
      clock.nowMs += seconds * 500 - 1;
      await get();
      expect(fetched()).toHaveLength(1);
      clock.nowMs += 1;
      await get();
      expect(fetched()).toHaveLength(2);
      expect(fetched()[0]).toMatchObject({
        method: 'GET',
        url: '/token?scope=repository%3Ateam-a%2Fapp%3Apull',
      });
      expect(fetched()[0]?.headers.accept).toBe('application/json');
    },
  );

  it('is asked for one token by all who want the same repository at once', async () => {
    const tokens = givesTokens();
    elsewhere.answer = (request, response) => void setTimeout(() => tokens(request, response), 50);
    registry.answer = (request, response) =>
      /^Bearer t\d$/.test(request.headers.authorization ?? '')
        ? answerManifest(request, response)
        : response.writeHead(401, { 'www-authenticate': `Bearer realm="${elsewhere.url}/token"` }).end();
    const { get } = asking({ tokenHost: new URL(elsewhere.url).host });
    await Promise.all([get(), get(), get('team-a/other'), get()]);
    expect(elsewhere.asked).toHaveLength(2);
    // What was asked for is asked for again when it has ended.
    registry.answer = takesOnly('Bearer t3', `Bearer realm="${elsewhere.url}/token"`);
    expect(await get()).toEqual([200, MANIFEST]);
  });

  it.each<[what: string, status: number, body: string, code: string, reason: string]>([
    ['401', 401, '', 'upstream-refused', 'upstream: it answered with 401'],
    ['403', 403, '', 'upstream-refused', 'upstream: it answered with 401'],
    ['404', 404, '', 'upstream-refused', 'upstream: its token endpoint answered with 404'],
    ['302', 302, '', 'upstream-refused', 'upstream: its token endpoint answered with 302'],
    ['500', 500, '', 'unavailable', 'upstream: its token endpoint answered with 500'],
    ['no JSON', 200, '<html>', 'upstream-refused', 'the answer of its token endpoint cannot be read: '],
    ['an empty token', 200, '{"token":""}', 'upstream-refused', 'cannot be read: it holds no token'],
    ['a token of two words', 200, '{"token":"a b"}', 'upstream-refused', 'cannot be read: it holds no token'],
    ['a token that is a number', 200, '{"token":7}', 'upstream-refused', 'cannot be read: it holds no token'],
    [
      'far too much',
      200,
      `{"token":"${'t'.repeat(131_062)}"}`,
      'upstream-refused',
      'cannot be read: it is too large',
    ],
  ])(
    'whose token endpoint answers %s gives nothing, with the reason in the log',
    async (_, status, body, code, reason) => {
      registry.answer = (request, response) =>
        request.url?.startsWith('/token') === true
          ? response.writeHead(status).end(body)
          : response.writeHead(401, { 'www-authenticate': `Bearer realm="${registry.url}/token"` }).end();
      await expect(asking().get()).rejects.toMatchObject({
        code,
        details: { reason: expect.stringContaining(reason) },
      });
    },
  );

  it.each([
    ['token', { token: 't1', access_token: 'other' }],
    ['access_token', { access_token: 't1' }],
    ['of 128 KB', { token: 't1', more: 'x'.repeat(131_072 - '{"token":"t1","more":""}'.length) }],
  ])('may call its token %s', async (_, body) => {
    registry.answer = (request, response) =>
      request.url?.startsWith('/token') === true
        ? response.writeHead(200).end(JSON.stringify(body))
        : takesOnly('Bearer t1', `Bearer realm="${registry.url}/token"`)(request, response);
    expect(await asking().get()).toEqual([200, MANIFEST]);
  });

  it('that is public gets an anonymous token', async () => {
    const tokens = givesTokens();
    registry.answer = (request, response) =>
      request.url?.startsWith('/token') === true
        ? tokens(request, response)
        : takesOnly('Bearer t1', `Bearer realm="${registry.url}/token"`)(request, response);
    expect(await asking({ authentication: { kind: 'none' } }).get()).toEqual([200, MANIFEST]);
    expect(registry.asked.find(({ url }) => url.startsWith('/token'))?.headers.authorization).toBeUndefined();
  });

  it('may send to one other host for tokens, if the operator has named it', async () => {
    elsewhere.answer = givesTokens({ expires_in: 300 });
    registry.answer = takesOnly('Bearer t1', `Bearer realm="${elsewhere.url}/token",service="s"`);
    expect(await asking({ tokenHost: new URL(elsewhere.url).host }).get()).toEqual([200, MANIFEST]);
  });

  it.each([
    ['another host', () => `Bearer realm="${elsewhere.url}/token"`],
    ['its own host with a name in front', () => `Bearer realm="${registry.url.replace('//', '//x@')}/token"`],
    [
      'its own host with a password in front',
      () => `Bearer realm="${registry.url.replace('//', '//:y@')}/token"`,
    ],
    [
      'its own host by another protocol',
      () => `Bearer realm="${registry.url.replace('http:', 'ftp:')}/token"`,
    ],
    ['no address', () => 'Bearer realm="token"'],
    ['no realm', () => 'Bearer service="x"'],
    ['a file', () => 'Bearer realm="file:///etc/passwd"'],
    ['two realms', () => `Bearer realm="${registry.url}/a",realm="${registry.url}/b"`],
    ['a scheme that is not known', () => 'Negotiate'],
    ['nothing', () => ''],
  ])('whose challenge leads to %s gets no password', async (_, challenge) => {
    registry.answer = (__, response) => response.writeHead(401, { 'www-authenticate': challenge() }).end();
    await expect(asking().get()).rejects.toMatchObject({ code: 'upstream-refused' });
    expect([...headersOf(registry), ...headersOf(elsewhere)]).not.toContain(BASIC);
    expect(elsewhere.asked).toEqual([]);
  });

  it.each([
    [401, 'upstream-refused', 'upstream: it answered with 401'],
    [403, 'upstream-refused', 'upstream: it answered with 403'],
    [500, 'unavailable', 'upstream: answered with 500'],
    [599, 'unavailable', 'upstream: answered with 599'],
  ])('that answers our login with %i is no refusal of the client', async (status, code, reason) => {
    registry.answer = (_, response) =>
      response.writeHead(status, { 'www-authenticate': 'Basic realm="r"' }).end('secret');
    await expect(asking().get()).rejects.toMatchObject({ code, details: { reason } });
  });

  it.each([200, 206, 304, 404, 416, 499])('that answers %i is heard', async status => {
    registry.answer = (_, response) => response.writeHead(status).end();
    expect(await asking().get()).toEqual([status, '']);
  });

  it('that asks in no known way, or leads elsewhere, is named with the reason', async () => {
    for (const [challenge, reason] of [
      ['Negotiate', 'upstream: it asks for a login in no way that is known here'],
      ['', 'upstream: it asks for a login in no way that is known here'],
      [
        'Bearer realm="https://evil.example/t"',
        'upstream: it sends its clients to evil.example; upstream.tokenHost would have to name that host',
      ],
      [
        'Bearer realm="t"',
        'upstream: it sends its clients to nowhere; upstream.tokenHost would have to name that host',
      ],
    ] as const) {
      registry.answer = (_, response) => response.writeHead(401, { 'www-authenticate': challenge }).end();
      await expect(asking().get()).rejects.toMatchObject({ details: { reason, retryAfterSeconds: 60 } });
    }
  });

  it('with a reference to no password, or an unreadable one, is not asked with an empty one', async () => {
    registry.answer = takesOnly(BASIC, 'Basic realm="r"');
    for (const reference of [
      'file:/nowhere/password',
      'arn:aws:secretsmanager:eu-central-1:1:secret:unknown',
    ]) {
      const authentication = { kind: 'password', username: 'robot', password: reference } as const;
      await expect(asking({ authentication }).get()).rejects.toMatchObject({ code: 'upstream-refused' });
    }
    const authentication = {
      kind: 'password',
      username: 'robot',
      password: 'arn:aws:secretsmanager:eu-central-1:1:secret:known',
    } as const;
    expect(await asking({ authentication }).get()).toEqual([200, MANIFEST]);
  });
});

describe('a password that was replaced', () => {
  const before = BASIC;
  const after = `Basic ${Buffer.from('robot:newer').toString('base64')}`;
  afterEach(() => writeFileSync(join(directory, 'password'), 'secret\n'));

  it('is fetched anew when the upstream refuses the old one, and not at each refusal', async () => {
    registry.answer = takesOnly(before, 'Basic realm="r"');
    const { get, clock } = asking();
    await get();
    writeFileSync(join(directory, 'password'), 'newer\n');
    registry.answer = takesOnly(after, 'Basic realm="r"');
    clock.nowMs += 10_000;
    registry.asked.length = 0;
    expect(await get()).toEqual([200, MANIFEST]);
    expect(headersOf(registry)).toEqual([before, after]);
    registry.answer = (_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    registry.asked.length = 0;
    for (let i = 0; i < 3; i++) await expect(get()).rejects.toMatchObject({ code: 'upstream-refused' });
    expect(headersOf(registry)).toEqual([after, after, after]);
  });

  it('is fetched anew when the token endpoint refuses the old one', async () => {
    writeFileSync(join(directory, 'password'), 'secret\n');
    const { get, clock } = asking({ tokenHost: new URL(elsewhere.url).host });
    const tokens = givesTokens();
    let good = before;
    elsewhere.answer = (request, response) =>
      request.headers.authorization === good ? tokens(request, response) : response.writeHead(401).end();
    registry.answer = (request, response) =>
      /^Bearer t\d$/.test(request.headers.authorization ?? '')
        ? answerManifest(request, response)
        : response.writeHead(401, { 'www-authenticate': `Bearer realm="${elsewhere.url}/token"` }).end();
    await get();
    writeFileSync(join(directory, 'password'), 'newer\n');
    good = after;
    clock.nowMs += 40_000;
    expect(await get()).toEqual([200, MANIFEST]);
    expect(headersOf(elsewhere)).toEqual([before, before, after]);
  });
});

describe('a password of ECR', () => {
  const ECR = { kind: 'ecr' } as const;
  const answerOf = (expiresAt: number) => ({
    authorizationData: [
      { authorizationToken: BASIC.replace('Basic ', ''), expiresAt, proxyEndpoint: 'https://x' },
    ],
  });

  it('is fetched once, sent at once, and renewed at half its life', async () => {
    registry.answer = takesOnly(BASIC, 'Basic realm="r"');
    let calls = 0;
    const ecr = async () => {
      calls += 1;
      return answerOf(NOW_MS / 1000 + 43_200);
    };
    const { get, clock } = asking({ authentication: ECR, ecr });
    await Promise.all([get(), get(), get()]);
    expect([calls, headersOf(registry)]).toEqual([1, [BASIC, BASIC, BASIC]]);
    clock.nowMs += 21_600_001;
    await get();
    expect(calls).toBe(2);
  });

  it('is used through failures until its end', async () => {
    registry.answer = takesOnly(BASIC, 'Basic realm="r"');
    let fails = false;
    const ecr = async () => {
      if (fails) throw new Error('no');
      return answerOf(NOW_MS / 1000 + 43_200);
    };
    const { get, clock } = asking({ authentication: ECR, ecr });
    await get();
    fails = true;
    clock.nowMs += 30_000_000;
    expect(await get()).toEqual([200, MANIFEST]);
    clock.nowMs += 20_000_000;
    await expect(get()).rejects.toMatchObject({ code: 'upstream-refused' });
  });

  it.each([{}, { authorizationData: [] }, { authorizationData: [{ authorizationToken: 7 }] }])(
    'is not made up from %j',
    async answer => {
      await expect(asking({ authentication: ECR, ecr: async () => answer }).get()).rejects.toMatchObject({
        code: 'upstream-refused',
      });
      expect(registry.asked).toEqual([]);
    },
  );
});

describe('an upstream that does not answer', () => {
  it('is asked a second time when the connection broke, and then it is 503', async () => {
    let broken = 1;
    registry.answer = (request, response) => {
      if (broken-- > 0) request.socket.destroy();
      else answerManifest(request, response);
    };
    const { get } = asking();
    expect(await get()).toEqual([200, MANIFEST]);
    broken = 5;
    await expect(get()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is given up after the time for the first byte', async () => {
    registry.answer = () => {};
    await expect(asking().get()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is given up when it stops in the middle', async () => {
    registry.answer = (_, response) => response.writeHead(200, { 'content-length': 100 }).write('half');
    await expect(asking().get()).rejects.toThrow('stopped in the middle');
  });

  it('is asked a second time when no connection came, over TLS too', async () => {
    let connections = 0;
    const silent = createServer(socket => {
      connections += 1;
      socket.on('error', () => undefined);
    });
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const send = registryHttp({ connectMs: 50, firstByteMs: 5000, idleMs: 300, openMs: OPEN_MS });
    const url = new URL(`https://127.0.0.1:${port}/v2/`);
    const answer = send({ url, method: 'GET', headers: {}, nowMs: NOW_MS });
    await expect(answer).rejects.toMatchObject({ code: 'unavailable' });
    expect(connections).toBe(2);
    silent.close();
  });

  describe('five times in a row', () => {
    const breaks = (request: IncomingMessage) => void request.socket.destroy();
    async function failed(answer: typeof registry.answer) {
      const asked = asking();
      registry.answer = answer;
      for (let n = 0; n < BREAKER_FAILURES; n++) await asked.get().catch(() => undefined);
      registry.asked.length = 0;
      return asked;
    }

    it('is left alone: the client reads at once when to come again', async () => {
      const { get } = await failed(breaks);
      registry.answer = answerManifest;
      const details = { retryAfterSeconds: OPEN_MS / 1000 };
      await expect(get()).rejects.toMatchObject({ code: 'unavailable', details });
      expect(registry.asked).toEqual([]);
    });

    it('is tried by one request after ten seconds, and by all once it answers', async () => {
      const { get, clock } = await failed(breaks);
      clock.nowMs += OPEN_MS;
      const answers = await Promise.allSettled([get(), get(), get()]);
      expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      // The one that may try has two attempts.
      expect(registry.asked).toHaveLength(2);
      registry.answer = answerManifest;
      clock.nowMs += OPEN_MS;
      expect(await get()).toEqual([200, MANIFEST]);
      expect(await get()).toEqual([200, MANIFEST]);
    });

    it.each([502, 503, 504])('with %i is left alone too', async status => {
      const { get } = await failed((_, response) => response.writeHead(status).end());
      await expect(get()).rejects.toMatchObject({ code: 'unavailable' });
      expect(registry.asked).toEqual([]);
    });

    it.each([200, 404, 429, 500])(
      'is no host that answers %i: a client could shut it for all',
      async status => {
        const { get } = await failed((_, response) => response.writeHead(status).end());
        await get().catch(() => undefined);
        expect(registry.asked).toHaveLength(1);
      },
    );

    it('says nothing of another host', async () => {
      const send = registryHttp({ connectMs: 300, firstByteMs: 300, idleMs: 300, openMs: OPEN_MS });
      const get = ({ url }: TestUpstream) =>
        send({ url: new URL(url), method: 'GET', headers: {}, nowMs: NOW_MS }).then(
          ({ status, body }) => {
            body.resume();
            return status;
          },
          ({ code }) => code,
        );
      registry.answer = breaks;
      for (let n = 0; n < BREAKER_FAILURES; n++) expect(await get(registry)).toBe('unavailable');
      expect([await get(registry), await get(elsewhere)]).toEqual(['unavailable', 200]);
    });
  });
});
