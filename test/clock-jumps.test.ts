/** A clock that was wrong and is set right: no cache, breaker, limiter or ring trusts, refuses or waits longer for it. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { healthHandlers } from '../lib/api/health.ts';
import { credentialKeys } from '../lib/derivation/credential-keys.ts';
import { unauthenticated, unavailable } from '../lib/domain/errors.ts';
import { Secret } from '../lib/domain/secret.ts';
import { ExchangeCache } from '../lib/iam/exchange-cache.ts';
import { issuerKeySet } from '../lib/iam/issuer-keys.ts';
import { BREAKER_FAILURES, Breaker } from '../lib/limits/breaker.ts';
import { failureLimiter } from '../lib/limits/rate-limiter.ts';
import type { Table } from '../lib/ports/table.ts';
import { keyPublication } from '../lib/signing/publication.ts';
import { cachedRings } from '../lib/signing/ring.ts';
import { maintainRing } from '../lib/signing/ring-rotation.ts';
import { loginStore } from '../lib/store/login-store.ts';
import { registryHttp } from '../lib/upstream/http.ts';
import { upstreamLogins } from '../lib/upstream/login.ts';
import { manifestCache } from '../lib/upstream/manifests.ts';
import { notificationSecrets } from '../lib/upstream/notifications.ts';
import { UpstreamTokens } from '../lib/upstream/token-protocol.ts';
import { tableGuard } from '../lib/usecases/table-guard.ts';
import { LoopbackIam } from './iam/loopback-iam.ts';
import { testKey } from './iam/tokens.ts';
import { claimsFor, context, headerOf, KID, NOW, X5C } from './signing/context.ts';
import { aToken } from './support/records.ts';
import { answerManifest, DIGEST, MANIFEST, openUpstream } from './support/upstream.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const JUMPS = { '2 hours': 2 * HOUR, '400 days': 400 * DAY };
/** How far the wrong clock is off. */
const OFFSETS = Object.entries(JUMPS).flatMap(([name, ms]) => [
  [`${name} ahead`, ms] as const,
  [`${name} behind`, -ms] as const,
]);

/** Sets the clock wrong by so much; the monotonic clock goes on. */
function setClock(offsetMs: number): void {
  vi.setSystemTime(Date.now() + offsetMs);
}
/** Real time passes. */
const pass = (ms: number) => vi.advanceTimersByTime(ms);
const now = () => Math.floor(Date.now() / SECOND);
const isGiven = (answer: Promise<unknown>) =>
  answer.then(
    value => value !== undefined,
    () => false,
  );

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'], now: NOW * SECOND }));
afterEach(() => void vi.useRealTimers());

/** A cache over a source in which one thing can be removed, and which can fail. */
interface Case {
  /** Whether the thing is still trusted. */
  readonly isTrusted: () => Promise<boolean>;
  readonly remove: () => void | Promise<void>;
  /** From now on the source does not answer. */
  readonly fail: () => void | Promise<void>;
  /** How old what it trusts may be, in milliseconds: usually, and while the source does not answer. */
  readonly freshMs: number;
  readonly usableMs: number;
}

const NO_ANSWER = unavailable('no answer');
const UPSTREAM = 'https://upstream.example';
const notAsked = () => Promise.reject(NO_ANSWER) as never;
const ALICE = {
  kind: 'iamapikey',
  issuer: 'test',
  account: 'test:acme',
  subject: 'test:alice',
  strength: 'strong',
  expiresAt: null,
  nonce: null,
} as const;
const credentialDocument = (byte: number, name: string) =>
  JSON.stringify({
    version: 1,
    keys: [{ name, key: Buffer.alloc(32, byte).toString('base64url'), useFrom: 0, dropAfter: null }],
  });

/** A source in memory: what it gives, or an error. */
function source<T>(first: T, second: T) {
  const state = { value: first, fails: false };
  return {
    read: async () => {
      if (state.fails) throw NO_ANSWER;
      return state.value;
    },
    remove: () => {
      state.value = second;
    },
    fail: () => {
      state.fails = true;
    },
  };
}

type RingFile = 'ring.json' | 'public.json';

/** Both files of a new ring, made once for all cases: nothing writes to them. */
async function newRing(): Promise<Record<RingFile, string>> {
  const stored = await context([KID]);
  await maintainRing(KID, stored.directory, 0);
  return {
    'ring.json': await stored.textOf(KID, 'ring.json'),
    'public.json': await stored.textOf(KID, 'public.json'),
  };
}

let rings: Promise<readonly [Record<RingFile, string>, Record<RingFile, string>]> | undefined;

async function ringCase(kind: RingFile): Promise<Case> {
  rings ??= Promise.all([newRing(), newRing()]);
  const [first, second] = await rings;
  const { read, remove, fail } = source(first[kind], second[kind]);
  const ringOf = cachedRings({ read });
  const publication = keyPublication([KID], { read });
  const kids = async () =>
    kind === 'ring.json'
      ? (await ringOf(KID, now())).keys.map(({ header }) => headerOf(header).kid)
      : (await publication.jwks(KID.name, now())).keys.map(({ kid }) => kid);
  const old = (await kids())[0];
  return {
    isTrusted: () =>
      kids().then(
        names => names.includes(old),
        () => false,
      ),
    ...{ remove, fail, freshMs: MINUTE, usableMs: 30 * MINUTE },
  };
}

const CACHES: Record<string, () => Promise<Case>> = {
  'keys of an issuer': async () => {
    const server = await new LoopbackIam().open();
    onTestFinished(() => server.close());
    server.keys = [testKey('k1').jwk];
    const keys = issuerKeySet(`${server.url}/keys`);
    return {
      isTrusted: () => isGiven(keys.find('k1', Date.now())),
      remove: () => {
        server.keys = [];
      },
      fail: () => server.setFault('keys', 'reset'),
      ...{ freshMs: 5 * MINUTE, usableMs: HOUR },
    };
  },
  'an accepted API key': async () => {
    const cache = new ExchangeCache({ cacheKey: randomBytes(32) });
    const { read, remove, fail } = source<typeof ALICE | undefined>(ALICE, undefined);
    const ask = async () => {
      const identity = await read();
      return identity === undefined ? unauthenticated('no') : { identity, untilMs: Date.now() + DAY };
    };
    return {
      isTrusted: () =>
        isGiven(cache.identify({ name: 'key', sourceAddress: '192.0.2.1', nowMs: Date.now(), ask })),
      ...{ remove, fail, freshMs: MINUTE, usableMs: MINUTE },
    };
  },
  'credential keys': async () => {
    const { read, remove, fail } = source(credentialDocument(1, 'k1'), credentialDocument(2, 'k2'));
    const keys = credentialKeys({ name: 'the keys', read });
    return {
      isTrusted: () => isGiven(keys.mac('k1', 'text', now())),
      ...{ remove, fail, freshMs: 10 * MINUTE, usableMs: 20 * MINUTE },
    };
  },
  'the ring of a service': () => ringCase('ring.json'),
  'the public keys of a service': () => ringCase('public.json'),
  'the table guard': async () => {
    const { read, remove, fail } = source(true, false);
    const guard = tableGuard({ clock: () => Date.now(), identity: { matches: read } });
    return {
      isTrusted: () =>
        guard().then(
          () => true,
          () => false,
        ),
      ...{ remove, fail, freshMs: MINUTE, usableMs: MINUTE },
    };
  },
  'a secret of notifications': async () => {
    const { read, remove, fail } = source('a-secret-of-a-registry', 'another-secret-of-it');
    const secrets = notificationSecrets({ readSecret: read });
    const given = new Secret('a-secret-of-a-registry');
    const reference = { secret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:s' };
    return {
      isTrusted: () => secrets.matches(reference, given, Date.now()).catch(() => false),
      ...{ remove, fail, freshMs: 5 * MINUTE, usableMs: 12 * HOUR },
    };
  },
  'the password for an upstream': async () => {
    const { read, remove, fail } = source('first', 'second');
    const logins = upstreamLogins({ readSecret: read, ecr: notAsked, sts: notAsked, sessionName: 'test' });
    const authentication = { kind: 'password', username: 'robot', password: 'arn:aws:x' } as const;
    const upstream = { url: 'https://upstream.example', prefix: '', authentication };
    const first = `Basic ${Buffer.from('robot:first').toString('base64')}`;
    return {
      isTrusted: () =>
        logins.get(upstream, Date.now()).then(
          login => login === first,
          () => false,
        ),
      ...{ remove, fail, freshMs: 5 * MINUTE, usableMs: 12 * HOUR },
    };
  },
  'an access token of an upstream': async () => {
    const { read, remove, fail } = source(200, 403);
    const body = JSON.stringify({ token: 'theirs', expires_in: 600 });
    const tokens = new UpstreamTokens(async () => ({
      status: await read(),
      headers: {},
      body: Readable.from([Buffer.from(body)]),
    }));
    const upstream = { url: UPSTREAM, prefix: '', authentication: { kind: 'none' } } as const;
    const challenge = { scheme: 'bearer', realm: new URL(UPSTREAM), service: undefined } as const;
    const repository = 'team-a/app';
    return {
      isTrusted: () => {
        const known = tokens.peek(upstream, repository, Date.now());
        return isGiven(
          known === undefined
            ? tokens.fetch({ upstream, repository, challenge, nowMs: Date.now() })
            : Promise.resolve(known),
        );
      },
      ...{ remove, fail, freshMs: 5 * MINUTE, usableMs: 5 * MINUTE },
    };
  },
  'a manifest by digest': async () => {
    const { read, remove, fail } = source(200, 404);
    const ask = async () => ({
      status: await read(),
      headers: { 'content-length': String(MANIFEST.length) },
      body: Readable.from([Buffer.from(MANIFEST)]),
    });
    const cache = manifestCache({ upstream: { ask }, clock: () => Date.now() });
    const request = {
      upstream: { url: UPSTREAM, prefix: '', authentication: { kind: 'none' } },
      method: 'GET',
      path: `/v2/team-a/app/manifests/${DIGEST}`,
      repository: 'team-a/app',
      headers: {},
    } as const;
    return {
      isTrusted: () =>
        cache.ask(request).then(
          ({ status }) => status === 200,
          () => false,
        ),
      ...{ remove, fail, freshMs: MINUTE, usableMs: MINUTE },
    };
  },
  health: async () => {
    const { read, fail } = source(
      { token: undefined, removed: false, revoked: false, claims: [] },
      null as never,
    );
    const { checkHealth } = healthHandlers(
      {
        store: { read },
        signer: { sign: async () => '' },
        clock: () => Date.now(),
        issuer: 'https://pullpass.example',
      },
      [],
    );
    return {
      isTrusted: () => isGiven(checkHealth()),
      remove: fail,
      fail,
      freshMs: 5 * SECOND,
      usableMs: 5 * SECOND,
    };
  },
};

describe.each(Object.entries(CACHES))('%s', (_, open) => {
  /** Real ages at which the removed thing is asked for again, each alone: an ask in between would load anew. */
  const agesFrom = (ms: number) =>
    [ms, ms + HOUR, 2 * HOUR + SECOND, 400 * DAY + SECOND].filter(age => age >= ms);

  it.each(OFFSETS)(
    'loaded by a clock that was %s is not trusted longer after it was set right',
    async (_, off) => {
      for (const broken of [false, true]) {
        const { freshMs, usableMs } = await open();
        for (const age of agesFrom(broken ? usableMs : freshMs)) {
          const cache = await open();
          setClock(off);
          expect(await cache.isTrusted()).toBe(true);
          await (broken ? cache.fail() : cache.remove());
          setClock(-off);
          pass(age);
          expect([broken, age, await cache.isTrusted()]).toEqual([broken, age, false]);
        }
      }
    },
  );

  it.each(OFFSETS)('loaded by a right clock is not trusted longer after it was set %s', async (_, off) => {
    const { freshMs } = await open();
    for (const age of agesFrom(freshMs)) {
      const cache = await open();
      expect(await cache.isTrusted()).toBe(true);
      await cache.remove();
      pass(age);
      setClock(off);
      expect([age, await cache.isTrusted()]).toEqual([age, false]);
      setClock(-off);
    }
  });

  it.each(OFFSETS)(
    'of a function that was frozen is not trusted longer, by a clock that was %s',
    async (_, off) => {
      const cache = await open();
      setClock(off);
      expect(await cache.isTrusted()).toBe(true);
      await cache.remove();
      setClock(cache.freshMs - off);
      expect(await cache.isTrusted()).toBe(false);
    },
  );

  it('is trusted again by a clock that stands still no longer than by one that goes', async () => {
    const cache = await open();
    expect(await cache.isTrusted()).toBe(true);
    await cache.fail();
    pass(cache.usableMs);
    setClock(-cache.usableMs);
    expect(await cache.isTrusted()).toBe(false);
  });
});

describe.each(OFFSETS)('after a clock that was %s was set right', (_, off) => {
  it('a refused API key is asked about again within ten seconds', async () => {
    const cache = new ExchangeCache({ cacheKey: randomBytes(32) });
    let refuses = true;
    const ask = async () =>
      refuses ? unauthenticated('no') : { identity: ALICE, untilMs: Date.now() + DAY };
    const isAccepted = () =>
      isGiven(cache.identify({ name: 'key', sourceAddress: '192.0.2.1', nowMs: Date.now(), ask }));
    setClock(off);
    expect(await isAccepted()).toBe(false);
    refuses = false;
    setClock(-off);
    pass(10 * SECOND);
    expect(await isAccepted()).toBe(true);
  });

  it('an open breaker lets a trial through within five seconds', () => {
    const breaker = new Breaker();
    setClock(off);
    for (let failure = 0; failure < BREAKER_FAILURES; failure++) breaker.failed(Date.now());
    expect(() => breaker.enter(Date.now())).toThrow();
    setClock(-off);
    pass(5 * SECOND);
    expect(() => breaker.enter(Date.now())).not.toThrow();
  });

  it('a registry behind the proxy is asked again within ten seconds', async () => {
    const upstream = await openUpstream();
    onTestFinished(() => upstream.close());
    const limits = { connectMs: 1000, firstByteMs: 1000, idleMs: 1000, openMs: 10 * SECOND };
    const send = registryHttp(limits);
    const isAnswered = () =>
      isGiven(send({ url: new URL(upstream.url), method: 'GET', headers: {}, nowMs: Date.now() }));
    upstream.answer = request => void request.socket.destroy();
    setClock(off);
    for (let failure = 0; failure < BREAKER_FAILURES; failure++) await isAnswered();
    upstream.answer = answerManifest;
    expect(await isAnswered()).toBe(false);
    setClock(-off);
    pass(10 * SECOND);
    expect(await isAnswered()).toBe(true);
  });

  it('a value that is used has its last use stored within an hour', async () => {
    const token = aToken({ lastUse: null, lastUsedAt: null });
    const updates: unknown[] = [];
    const table = { update: async (...call: unknown[]) => updates.push(call) > 0 } as unknown as Table;
    const { touch } = loginStore({ table, randomBytes });
    const use = () => touch(token, 1, { at: now(), address: null, client: null, service: null });
    setClock(off);
    await use();
    await use();
    expect(updates).toHaveLength(1);
    setClock(-off);
    // The four minutes that instances are spread over.
    pass(HOUR + 5 * MINUTE);
    await use();
    expect(updates).toHaveLength(2);
  });

  it('an address that failed too often may try again within a minute', () => {
    const failure = failureLimiter(3);
    setClock(off);
    while (failure.fail('198.51.100.1', Date.now()) === undefined);
    setClock(-off);
    failure.fail('198.51.100.1', Date.now());
    pass(MINUTE);
    expect(failure.fail('198.51.100.1', Date.now())).toBeUndefined();
  });
});

/** Whether a registry with this bundle accepts the certificate of the token now (RFC 5280 section 6.1). */
function isCertified(token: string, bundle: string): boolean {
  const [der = ''] = headerOf(token).x5c as string[];
  const leaf = new X509Certificate(Buffer.from(der, 'base64'));
  const isValid = ({ validFromDate, validToDate }: X509Certificate) =>
    validFromDate.getTime() <= Date.now() && Date.now() < validToDate.getTime();
  const roots = bundle.split(/(?=-----BEGIN)/).map(pem => new X509Certificate(pem));
  return (
    isValid(leaf) &&
    roots.some(root => isValid(root) && leaf.checkIssued(root) && leaf.verify(root.publicKey))
  );
}

describe.each(OFFSETS)('rings that were begun by a clock that was %s', (_, off) => {
  it.each([X5C, KID])('sign after the next maintenance, and go on doing so: $profile', async service => {
    const stored = await context([service]);
    setClock(off);
    await maintainRing(service, stored.directory, now());
    setClock(-off);
    for (let day = 0; day < 60; day++) {
      const { keyEndsAt } = await maintainRing(service, stored.directory, now());
      const { signer } = stored.fresh();
      const token = await signer.sign(claimsFor(service, now()), now());
      if (service === X5C) {
        expect([day, isCertified(token, await stored.bundleOf(service))]).toEqual([day, true]);
        // A leaf takes over after half of its life, so that a week of failing rotations does no harm.
        expect(((keyEndsAt ?? 0) - now()) * SECOND).toBeGreaterThan(6 * DAY);
      }
      pass(DAY);
    }
  });
});
