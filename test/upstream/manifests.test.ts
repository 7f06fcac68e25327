/** Which manifests are kept in memory, for whom, and for how long. */
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { UpstreamRequest, UpstreamResponse } from '../../lib/ports/others.ts';
import { manifestCache } from '../../lib/upstream/manifests.ts';

const BODY = '{"schemaVersion":2}';
const DIGEST = `sha256:${hash('sha256', BODY)}`;
const FOR_MS = 1000;

interface Changes extends Partial<UpstreamRequest> {
  readonly repository?: string;
  readonly reference?: string;
}

/** A cache of a second before an upstream that answers like this; `times` is how often it was asked. */
function cached(answer: Partial<Omit<UpstreamResponse, 'body'>> = {}, body = BODY, maxBytes = 1000) {
  const clock = { nowMs: 1_790_000_000_000 };
  const asked: UpstreamRequest[] = [];
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const upstream = {
    ask: async (request: UpstreamRequest) => {
      asked.push(request);
      return { status: 200, headers, ...answer, body: Readable.from([Buffer.from(body)]) };
    },
  };
  const cache = manifestCache({ upstream, clock: () => clock.nowMs, forMs: FOR_MS, maxBytes });
  const get = async ({ repository = 'team-a/app', reference = DIGEST, ...changes }: Changes = {}) => {
    const path = `/v2/${repository}/manifests/${reference}`;
    const to = { url: 'https://registry.example', prefix: '', authentication: { kind: 'none' } } as const;
    const request = { upstream: to, method: 'GET', path, repository, headers: {}, ...changes } as const;
    const { status, headers: sent, body: stream } = await cache.ask(request);
    return [status, sent['content-type'], await text(stream)];
  };
  return { get, clock, times: () => asked.length };
}

describe('a manifest by digest', () => {
  it('is fetched once, and answered with its headers for a while', async () => {
    const { get, clock, times } = cached();
    for (let i = 0; i < 3; i++) expect(await get()).toEqual([200, 'application/json', BODY]);
    expect(times()).toBe(1);
    clock.nowMs += FOR_MS;
    await get();
    expect(times()).toBe(2);
    // A clock that was set back makes nothing young again.
    clock.nowMs -= 10 * FOR_MS;
    await get();
    expect(times()).toBe(3);
  });

  it.each<[what: string, changes: Changes]>([
    ['another repository', { repository: 'team-b/app' }],
    ['other types', { headers: { accept: 'application/vnd.oci.image.index.v1+json' } }],
    [
      'another upstream',
      { upstream: { url: 'https://other.example', prefix: '', authentication: { kind: 'none' } } },
    ],
  ])('is kept for itself alone: %s is asked for anew', async (_, changes) => {
    const { get, times } = cached();
    await get();
    await get(changes);
    expect(times()).toBe(2);
    await get();
    expect(times()).toBe(2);
  });

  it.each<[what: string, changes: Changes]>([
    ['by tag', { reference: '1.4' }],
    ['as HEAD', { method: 'HEAD' }],
    ['in part', { headers: { range: 'bytes=0-1' } }],
    ['on a condition', { headers: { 'if-none-match': `"${DIGEST}"` } }],
    ['that is a layer', { path: `/v2/team-a/app/blobs/${DIGEST}` }],
  ])('is asked for each time when it is asked for %s', async (_, changes) => {
    const { get, times } = cached();
    await get(changes);
    await get(changes);
    expect(times()).toBe(2);
  });

  it.each<[what: string, answer: Partial<Omit<UpstreamResponse, 'body'>>, body: string]>([
    ['has another digest', {}, '{}'],
    ['is not there', { status: 404 }, BODY],
    ['has no length', { headers: {} }, BODY],
    ['is large', { headers: { 'content-length': '262145' } }, BODY],
  ])('is passed on and not kept if it %s', async (_, answer, body) => {
    const { get, times } = cached(answer, body);
    for (let i = 0; i < 2; i++) expect((await get()).at(-1)).toBe(body);
    expect(times()).toBe(2);
  });

  it('is kept up to 256 KB', async () => {
    const { get, times } = cached({ headers: { 'content-length': '262144' } });
    for (let i = 0; i < 2; i++) await get();
    expect(times()).toBe(1);
  });

  it('gives way to others when all together are too large, the names of what was asked for included', async () => {
    const { get, times } = cached({}, BODY, 500);
    for (let i = 0; i < 20; i++) await get({ headers: { accept: `${i}`.padEnd(100) } });
    await get({ headers: { accept: '0'.padEnd(100) } });
    expect(times()).toBe(21);
    await get({ headers: { accept: '0'.padEnd(100) } });
    expect(times()).toBe(21);
  });
});
