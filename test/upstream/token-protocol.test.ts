/** Which challenge of an upstream is followed, and where our password may go. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Upstream } from '../../lib/domain/service.ts';
import { readChallenge, type TokenQuestion, UpstreamTokens } from '../../lib/upstream/token-protocol.ts';
import { errorOf } from '../support/errors.ts';

const upstream = (url: string, tokenHost?: string): Upstream => ({
  url,
  prefix: '',
  authentication: { kind: 'none' },
  ...(tokenHost === undefined ? {} : { tokenHost }),
});
const HTTPS = upstream('https://registry.example');
const NAMED = upstream('https://registry.example', 'auth.example');
const HTTP = upstream('http://registry.example');
const bearer = (realm: string) => `Bearer realm="${realm}"`;

describe('a challenge', () => {
  it.each<[realm: string, upstream: Upstream]>([
    ['https://registry.example/token', HTTPS],
    ['https://auth.example/token', NAMED],
    ['https://registry.example/token', NAMED],
    ['http://registry.example/token', HTTP],
    ['https://registry.example/token', HTTP],
  ])('that leads to %s is followed', (realm, to) => {
    const challenge = { scheme: 'bearer', realm: new URL(realm), service: undefined };
    expect(readChallenge(bearer(realm), to)).toEqual(challenge);
  });

  it.each<[what: string, realm: string, upstream: Upstream, host: string]>([
    ['another host', 'https://elsewhere.example/token', NAMED, 'elsewhere.example'],
    ['another port', 'https://registry.example:444/token', HTTPS, 'registry.example:444'],
    ['plain text', 'http://registry.example/token', HTTPS, 'registry.example'],
    ['plain text at the host that is named', 'http://auth.example/token', NAMED, 'auth.example'],
    ['another protocol', 'ftp://registry.example/token', HTTP, 'registry.example'],
    ['a user name', 'https://robot@registry.example/token', HTTPS, 'registry.example'],
    ['a password', 'https://:word@registry.example/token', HTTPS, 'registry.example'],
    ['no URL', 'registry.example/token', HTTPS, 'nowhere'],
    ['nothing', '', HTTPS, 'nowhere'],
  ])('that leads to %s is refused with its host', (_, realm, to, host) => {
    expect(refusalOf(bearer(realm), to)).toEqual([
      'upstream-refused',
      `upstream: it sends its clients to ${host}; upstream.tokenHost would have to name that host`,
    ]);
  });

  it('without a realm leads nowhere', () => {
    expect(refusalOf('Bearer service="x"', HTTPS)[1]).toContain('sends its clients to nowhere;');
  });

  it('for Bearer goes before one for Basic', () => {
    const both = `Basic realm="x", ${bearer('https://registry.example/token')}, service="s"`;
    expect(readChallenge(both, HTTPS)).toMatchObject({ scheme: 'bearer' });
    expect(readChallenge('Basic realm="x"', HTTPS)).toEqual({ scheme: 'basic' });
  });

  it.each([undefined, '', 'Digest realm="x"', 'Bearer realm="broken'])('of %j is refused', header => {
    const reason = 'upstream: it asks for a login in no way that is known here';
    expect(refusalOf(header, HTTPS)).toEqual(['upstream-refused', reason]);
  });
});

describe('a token of an upstream', () => {
  it('is asked for once by all with the same login, and by each other login for itself', async () => {
    const { tokens, asked, question } = asking(200);
    const [mine, yours] = [question('Basic mine'), question('Basic yours')];
    const all = [
      tokens.fetch(mine),
      tokens.fetch(mine),
      tokens.fetch(yours),
      tokens.fetch(question(undefined)),
    ];
    expect(await Promise.all(all)).toEqual(['t', 't', 't', 't']);
    expect(asked).toEqual(['GET Basic mine', 'GET Basic yours', 'GET undefined']);
    await tokens.fetch(mine);
    expect(asked).toHaveLength(4);
  });

  it('stays when another login is refused', async () => {
    const { tokens, question, answer } = asking(200);
    await tokens.fetch(question('Basic mine'));
    answer.status = 401;
    expect(await tokens.fetch(question('Basic yours'))).toBeUndefined();
    expect(tokens.peek(HTTPS, 'team/app', NOW_MS)).toBe('t');
  });
});

const NOW_MS = 1_790_000_000_000;

function asking(status: number) {
  const [asked, answer] = [[] as string[], { status }];
  const tokens = new UpstreamTokens(async ({ method, headers }) => {
    asked.push(`${method} ${headers.authorization}`);
    return { status: answer.status, headers: {}, body: Readable.from([Buffer.from('{"token":"t"}')]) };
  });
  const challenge = { scheme: 'bearer', realm: new URL('https://registry.example/token') } as const;
  const question = (authorization: string | undefined): TokenQuestion => ({
    ...{ upstream: HTTPS, repository: 'team/app', authorization, nowMs: NOW_MS },
    challenge: { ...challenge, service: undefined },
  });
  return { tokens, asked, answer, question };
}

function refusalOf(header: string | undefined, to: Upstream): [code: string, reason: string | undefined] {
  const { code, details } = errorOf(() => readChallenge(header, to));
  return [code, details.reason];
}
