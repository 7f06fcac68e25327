/** The prober against a whole deployment, and against one that errs: what it finds, and what it leaves behind. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toSeconds } from '../../lib/domain/time.ts';
import { type Check, failuresIn } from '../../lib/probe/checks.ts';
import { basic, type Received, type Send } from '../../lib/probe/deployment.ts';
import { DESCRIPTION, type Probed, type ProbeOptions, probe } from '../../lib/probe/probe.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { type Served, serve } from '../cli/support/served.ts';
import { ALICE, BOB, MALLORY } from '../support/deployment.ts';
import { SERVICE } from '../support/records.ts';

const OTHER = { ...SERVICE, name: 'other.example', registry: 'other.example', profile: 'kid' } as const;
const SERVICES = [SERVICE.name, OTHER.name] as const;

let served: Served;
beforeAll(async () => {
  served = await serve({ services: [{ name: SERVICE.name }, { name: OTHER.name, profile: OTHER.profile }] });
  const keys = fileKeyStore(join(served.deployment.directory, 'keys'));
  await maintainRing(OTHER, keys, toSeconds(Date.now()));
}, 60_000);
afterAll(() => served.close());

const send: Send = async (url, sent) => {
  const response = await fetch(url, { ...sent, redirect: 'manual' });
  const requestId = response.headers.get('x-request-id') ?? undefined;
  return { status: response.status, text: await response.text(), requestId };
};

function authorizeAs(who: string) {
  return async () => basic('iamapikey', await served.deployment.apiKeyOf(who));
}

function probed(options: Partial<ProbeOptions> = {}): Promise<Probed> {
  return probe({
    url: served.url,
    services: SERVICES,
    namespace: 'probe',
    registers: true,
    authorize: authorizeAs(ALICE),
    send,
    clock: () => Date.now(),
    randomBytes,
    ...options,
  });
}

const named = (checks: readonly Check[], ...outcomes: readonly Check['outcome'][]) =>
  checks.filter(({ outcome }) => outcomes.includes(outcome)).map(({ name }) => name);

async function tokensOf(who: string): Promise<{ id: string; description: string }[]> {
  return (await served.deployment.as(who)('GET /v1/tokens')).json.tokens;
}

describe('a probe of a deployment that is right', () => {
  it('passes every check, and leaves no token', async () => {
    const { checks } = await probed();
    expect(checks.filter(({ outcome }) => outcome === 'failed' || outcome === 'unclear')).toEqual([]);
    expect(named(checks, 'skipped')).toEqual(['expired-credential']);
    expect(failuresIn(checks)).toEqual({ positive: 0, negative: 0 });
    expect(await tokensOf(ALICE)).toEqual([]);
  });

  it('tells each check as it comes', async () => {
    const told: Check[] = [];
    const { checks } = await probed({ tell: check => void told.push(check) });
    expect(told).toEqual(checks);
  });

  it('passes where the account has the strictest rules', async () => {
    const rules = (json: object) => served.deployment.as(ALICE)('PUT /v1/rules', { json });
    await rules({
      maxExpiresInSeconds: 600,
      nonExpiring: 'forbidden',
      maxCredentialSeconds: 60,
      retrievable: false,
      requireOwner: true,
      requireNetworks: true,
    });
    const { checks } = await probed();
    expect(named(checks, 'failed', 'unclear')).toEqual([]);
    await rules({});
  });

  it('skips what needs a second service where there is one', async () => {
    const { checks } = await probed({ services: [SERVICE.name] });
    expect(named(checks, 'skipped')).toEqual(['expired-credential', 'credential-at-other-service']);
    expect(named(checks, 'failed', 'unclear')).toEqual([]);
  });

  it('asserts that the credential which the probe before left to expire is refused', async () => {
    const { expiring } = await probed();
    served.deployment.wait(70);
    const { checks } = await probed({ expiring });
    expect(named(checks, 'skipped', 'failed', 'unclear')).toEqual([]);
    expect(named(checks, 'passed')).toContain('expired-credential');
  });

  it('sends no secret in a URL, and says in its user agent who asks', async () => {
    const urls: string[] = [];
    const agents = new Set<string | undefined>();
    await probed({
      send: (url, sent) => {
        urls.push(url);
        agents.add(sent.headers['user-agent']);
        return send(url, sent);
      },
    });
    expect(urls.join(' ')).not.toMatch(/pl[pc]_/);
    expect(agents).toEqual(new Set(['pullpass-probe']));
  });
});

describe('what a probe needs', () => {
  it('is an administrator: without the role nothing else is tried', async () => {
    const { checks } = await probed({ authorize: authorizeAs(MALLORY) });
    expect(named(checks, 'failed')).toEqual(['administrator']);
    expect(checks.find(({ name }) => name === 'administrator')?.detail).toBe(
      'dev:mallory is no administrator.',
    );
    expect(named(checks, 'skipped')).toContain('tokens');
  });

  it('is a namespace: one that it may not register is a failure that says so', async () => {
    const { checks } = await probed({ namespace: 'unowned', registers: false });
    const { detail } = checks.find(({ name }) => name === 'namespace') ?? {};
    expect(detail).toBe('The namespace unowned is not registered for the account.');
    expect(failuresIn(checks).positive).toBeGreaterThan(0);
    await served.deployment.as(BOB)('PUT /v1/namespaces/bob-s');
    const taken = (await probed({ namespace: 'bob-s' })).checks.find(({ name }) => name === 'namespace');
    expect(taken?.detail).toMatch(/^PUT \/v1\/namespaces\/bob-s answered 409 namespace-taken, request id /);
  });
});

describe('what a killed probe left behind', () => {
  it('ends within ten minutes, and is removed by the next one; no other token is', async () => {
    const alice = served.deployment.as(ALICE);
    const kept = (await alice('POST /v1/tokens', { json: { description: 'mine' } })).json.id;
    // Killed after its token was made: no request is sent any more.
    let isKilled = false;
    const dying: Send = async (url, sent) => {
      if (isKilled) throw new Error('killed');
      const answer = await send(url, sent);
      isKilled ||= sent.method === 'POST' && url.endsWith('/v1/tokens');
      return answer;
    };
    await probed({ send: dying });
    const [left] = (await tokensOf(ALICE)).filter(({ description }) => description === DESCRIPTION);
    const { expiresAt, createdAt } = (await alice(`GET /v1/tokens/${left?.id}`)).json;
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(600_000);
    await probed();
    expect(await tokensOf(ALICE), 'one that may be at work').toHaveLength(2);
    served.deployment.wait(200);
    await probed();
    expect((await tokensOf(ALICE)).map(({ id }) => id)).toEqual([kept]);
    await alice(`DELETE /v1/tokens/${kept}`);
  });
});

/** An unsigned token that grants everything. */
const WIDE = ['e30', Buffer.from(JSON.stringify({ access: [] })).toString('base64url'), 'AA'].join('.');

function granting(actions: readonly string[], name: string): string {
  const payload = { access: [{ type: 'repository', name, actions }] };
  const token = WIDE.replace(/\..*\./, `.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.`);
  return JSON.stringify({ token, access_token: token, expires_in: 300 });
}

/** Turns the refusals of the deployment into successes, and grants everything that a login asks for. */
const permissive: Send = async (url, sent) => {
  const answer = await send(url, sent);
  const { pathname, searchParams } = new URL(url);
  // A service without certificates has no bundle, and that is no refusal.
  const isRefusal = answer.status >= 400 && answer.status < 500 && !pathname.endsWith('.pem');
  if (pathname !== '/oauth/token') return isRefusal ? { status: 200, text: '{}' } : answer;
  const [, name = '', actions = ''] = /^repository:(.*):(.*)$/.exec(searchParams.get('scope') ?? '') ?? [];
  const isWhole = answer.status === 200 && actions === 'pull' && name === 'probe/pullpass-probe';
  const isAnonymous = sent.headers.authorization === undefined;
  return isWhole && !isAnonymous ? answer : { status: 200, text: granting(actions.split(','), name) };
};

/** A deployment that does not answer the requests for which `fails` says so. */
function failing(fails: (url: string, answer: Received) => boolean): Send {
  return async (url, sent) => {
    const answer = await send(url, sent);
    return fails(url, answer) ? { status: 503, text: '{"code":"unavailable"}' } : answer;
  };
}

describe('a deployment that errs', () => {
  it('and lets through what it must refuse fails every negative check, and no positive one', async () => {
    const { expiring } = await probed();
    served.deployment.wait(70);
    const { checks } = await probed({ send: permissive, expiring });
    const negative = checks.filter(({ kind }) => kind === 'negative');
    expect(negative.length).toBeGreaterThanOrEqual(20);
    expect(negative.filter(({ outcome }) => outcome !== 'failed')).toEqual([]);
    expect(failuresIn(checks)).toEqual({ positive: 0, negative: negative.length });
    const push = negative.find(({ name }) => name === 'push-with-pull-token')?.detail;
    expect(push).toBe(
      'GET /oauth/token granted probe/pullpass-probe:push, probe/pullpass-probe:delete, and must be refused.',
    );
  });

  it('and does not answer is not taken for one that lets everything through', async () => {
    const { checks } = await probed({ send: failing(() => true) });
    expect(failuresIn(checks)).toEqual({ positive: 2, negative: 0 });
  });

  it('and answers no refusals is unclear, which counts as what does not work', async () => {
    const { checks } = await probed({
      send: failing((url, { status }) => status >= 400 && !url.endsWith('.pem')),
    });
    expect(named(checks, 'failed')).toEqual([]);
    const { positive, negative } = failuresIn(checks);
    expect([positive > 10, negative]).toEqual([true, 0]);
    expect(checks.find(({ outcome }) => outcome === 'unclear')?.detail).toMatch(
      /answered 503 unavailable\.$/,
    );
  });

  it('and signs for another service, or grants more than the token has, fails the login', async () => {
    const elsewhere: Send = (url, sent) =>
      send(url.replace(encodeURIComponent(SERVICE.name), encodeURIComponent(OTHER.name)), sent);
    const other = (await probed({ send: elsewhere })).checks;
    expect(named(other, 'failed')).toContain(`login ${SERVICE.name}`);
    const wide: Send = async (url, sent) =>
      send(url.replace('%3Apull', '%3Apull'), sent).then(answer =>
        url.includes('/oauth/token') && answer.status === 200
          ? { ...answer, text: granting(['pull', 'push'], 'probe/pullpass-probe') }
          : answer,
      );
    expect(named((await probed({ send: wide })).checks, 'failed')).toContain(`login ${SERVICE.name}`);
  });

  it('and refuses to remove a token says so', async () => {
    const stuck: Send = (url, sent) =>
      sent.method === 'DELETE' ? Promise.resolve({ status: 503, text: '' }) : send(url, sent);
    const { checks } = await probed({ send: stuck });
    expect(named(checks, 'failed')).toEqual(['token-rm']);
    served.deployment.wait(200);
    await probed();
  });

  it('and answers with a secret or an escape sequence has neither in a detail', async () => {
    const secret = 'plp_'.padEnd(91, 'x');
    const odd: Send = async () => ({
      status: 500,
      text: JSON.stringify({ code: `\u001b[2J${secret}` }),
      requestId: `\u001b${secret}`,
    });
    const { checks } = await probed({ send: odd });
    const text = JSON.stringify(checks);
    expect(text).not.toContain(secret);
    expect(text).not.toContain('u001b');
    expect(checks[0]?.detail).toBe('GET /health answered 500.');
  });
});
