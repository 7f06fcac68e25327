/** What registries that verify access tokens themselves report: who may, what is counted, how often, and what is ignored. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, BOB, type Deployment, deploy } from '../support/deployment.ts';
import { linesOf } from '../support/logs.ts';
import { SERVICE } from '../support/records.ts';

const SECRET = 'a-secret-of-notifications';
const OTHER = 'the-secret-of-another-service';
const TYPE = 'application/vnd.docker.distribution.events.v2+json';
const DIGEST = `sha256:${'a'.repeat(64)}`;

let deployment: Deployment;
let directory: string;
let token: { id: string; token: string };
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-notifications-'));
  await writeFile(join(directory, 'secret'), `${SECRET}\n`);
  await writeFile(join(directory, 'other'), OTHER);
  await writeFile(join(directory, 'short'), 'short');
  const secret = (file: string) => ({ notifications: { secret: `file:${join(directory, file)}` } });
  deployment = await deploy({
    services: [
      { name: SERVICE.name, ...secret('secret') },
      { name: 'other.example', ...secret('other') },
      { name: 'short.example', ...secret('short') },
      { name: 'gone.example', ...secret('nowhere') },
      { name: 'silent.example' },
    ],
  });
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
  await deployment.as(BOB)('PUT /v1/namespaces/rival');
});
afterAll(async () => {
  await deployment.close();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  token = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
});

interface Change {
  readonly id?: unknown;
  readonly timestamp?: unknown;
  readonly action?: string;
  readonly target?: object;
  readonly request?: object;
  readonly actor?: object;
}

/** As distribution 3.1 writes it. */
function pullEvent({ target, request, actor, ...rest }: Change = {}) {
  count += 1;
  return {
    id: `event-${count}`,
    timestamp: new Date(Date.now()).toISOString(),
    action: 'pull',
    target: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: DIGEST,
      size: 708,
      length: 708,
      repository: 'team-a/app',
      url: 'http://registry.example/v2/team-a/app/manifests/1',
      tag: '1.4',
      ...target,
    },
    request: {
      id: 'r',
      addr: '198.51.100.7:41234',
      host: 'registry.example',
      method: 'GET',
      useragent: 'docker/28.2.2',
      ...request,
    },
    actor: { name: `token:${token.id}`, ...actor },
    source: { addr: 'registry:5000', instanceID: 'i' },
    ...rest,
  };
}

const report = (events: unknown, { secret = SECRET, service = SERVICE.name, type = TYPE } = {}) =>
  deployment.send(`POST /v1/services/${service}/events`, {
    basic: ['events', secret],
    headers: { 'content-type': type },
    body: JSON.stringify({ events }),
  });

const usage = async (who = ALICE) =>
  (await deployment.as(who)(`GET /v1/usage?token=${token.id}&from=2025-01-01`)).json.usage.map(
    ({ day, repository, pulls }: Record<string, unknown>) => [day, repository, pulls],
  );

describe('a reported pull', () => {
  it('counts for its day, token and repository, and is in the log', async () => {
    const { status, text, headers } = await report([pullEvent()]);
    expect([status, text]).toEqual([204, '']);
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 1]]);
    const line = linesOf(deployment).find(({ requestId }) => requestId === headers['x-request-id']);
    expect(line).toMatchObject({
      message: 'pulled',
      registryService: SERVICE.name,
      subject: `token:${token.id}`,
      repository: 'team-a/app',
      tag: '1.4',
      digest: DIGEST,
      client: 'docker/28.2.2',
      sourceAddress: '198.51.100.7',
    });
  });

  it('counts as distribution 2.8 writes it too', async () => {
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    const type = 'application/vnd.docker.distribution.events.v1+json';
    expect((await report([pullEvent({ target: { mediaType } })], { type })).status).toBe(204);
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 1]]);
  });

  it('counts where the colon of its service is escaped in the path, as the command writes it', async () => {
    expect((await report([pullEvent()], { service: encodeURIComponent(SERVICE.name) })).status).toBe(204);
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 1]]);
  });

  it('counts once, however often it is sent', async () => {
    const event = pullEvent();
    for (let i = 0; i < 3; i++) await report([event]);
    await report([event, event]);
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 1]]);
  });

  it('counts once in an instance that was started anew', async () => {
    const event = pullEvent();
    await report([event]);
    deployment.serveFrom(deployment.main);
    await report([event]);
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 1]]);
  });

  it('counts beside one of another registry that has the same name', async () => {
    const event = pullEvent();
    await report([event]);
    await report([event], { service: 'other.example', secret: OTHER });
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 2]]);
  });

  it('counts for the day on which it was made, and not for one that is to come', async () => {
    await report([pullEvent({ timestamp: '2026-11-19T23:59:59.123Z' })]);
    await report([pullEvent({ timestamp: '2027-01-01T00:00:00Z' })]);
    expect(await usage()).toEqual([
      ['2026-11-21', 'team-a/app', 1],
      ['2026-11-19', 'team-a/app', 1],
    ]);
  });

  it('is sent again by the registry when it cannot be stored', async () => {
    const event = pullEvent();
    deployment.wire.cut = ({ body }) => body.includes('usage#');
    expect((await report([event])).status).toBe(503);
    deployment.wire.cut = () => false;
    expect((await report([event])).status).toBe(204);
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 1]]);
  });
});

describe('what is no pull of an image by a registry token is taken, and not counted', () => {
  it.each<[string, Change]>([
    ['a push', { action: 'push' }],
    ['a deletion', { action: 'delete' }],
    ['an index', { target: { mediaType: 'application/vnd.oci.image.index.v1+json' } }],
    ['a list', { target: { mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json' } }],
    ['a layer', { target: { mediaType: 'application/octet-stream' } }],
    ['HEAD', { request: { method: 'HEAD' } }],
    ['an IAM identity', { actor: { name: 'dev:alice' } }],
    ['no one', { actor: { name: '' } }],
    ['a token that is no identifier', { actor: { name: 'token:../x' } }],
    ['a repository of no one', { target: { repository: 'nobodys/app' } }],
    ['no repository', { target: { repository: 'team-a/../rival/app' } }],
    ['a separator in its repository', { target: { repository: 'team-a/app#x' } }],
    ['no time', { timestamp: 'yesterday' }],
    ['a time long ago', { timestamp: '2025-01-01T00:00:00Z' }],
    ['no name', { id: '' }],
    ['a long name', { id: 'x'.repeat(129) }],
    ['a number for a name', { id: 7 }],
  ])('%s', async (_, change) => {
    expect((await report([pullEvent(change)])).status).toBe(204);
    expect(await usage()).toEqual([]);
    expect(await usage(BOB)).toEqual([]);
  });

  it('nothing, numbers and lists, and the rest is counted all the same', async () => {
    expect((await report([null, 7, [], {}, 'pull', pullEvent()])).status).toBe(204);
    expect(await usage()).toEqual([['2026-11-21', 'team-a/app', 1]]);
  });

  it('odd words about the client are left out', async () => {
    const odd = { tag: '../x', digest: 'sha256:no' };
    const { headers } = await report([
      pullEvent({ target: odd, request: { addr: 'nowhere', useragent: 'x'.repeat(2000) } }),
    ]);
    const line = linesOf(deployment).find(({ requestId }) => requestId === headers['x-request-id']);
    for (const member of ['tag', 'digest', 'sourceAddress', 'client'])
      expect(line).not.toHaveProperty(member);
  });
});

describe('a report is refused', () => {
  it.each<[string, Parameters<typeof report>[1]]>([
    ['a wrong secret', { secret: `${SECRET}x` }],
    ['no secret', { secret: '' }],
    ['the secret of another service', { secret: OTHER }],
    ['a service that takes none', { service: 'silent.example' }],
    ['an unknown service', { service: 'unknown.example' }],
  ])('with 401 and the same words: %s', async (_, how) => {
    const { status, json } = await report([pullEvent()], how);
    expect([status, json.code]).toEqual([401, 'unauthenticated']);
    expect(JSON.stringify(json)).not.toContain('notifications');
    expect(await usage()).toEqual([]);
  });

  it('with 401 without credentials, with a registry token, and with an API key', async () => {
    const line = `POST /v1/services/${SERVICE.name}/events`;
    const apiKey = await deployment.apiKeyOf(ALICE);
    for (const sent of [
      {},
      { bearer: SECRET },
      { basic: ['token', token.token] as const },
      { basic: ['iamapikey', apiKey] as const },
    ]) {
      expect((await deployment.send(line, sent)).status).toBe(401);
    }
  });

  it.each(['short.example', 'gone.example'])(
    'with 503 where the secret is too short to be one, or cannot be read: %s',
    async service => {
      expect((await report([pullEvent()], { service, secret: 'short' })).status).toBe(503);
    },
  );

  it('with 415 for another media type, 400 for what is no list of events, 413 for too much', async () => {
    expect((await report([], { type: 'application/json' })).status).toBe(415);
    expect((await report({})).status).toBe(400);
    expect((await report([pullEvent({ target: { x: 'x'.repeat(70_000) } })])).status).toBe(413);
  });
});

it('a replaced secret counts at once, and the old one no longer', async () => {
  const next = 'the-next-secret-of-notifications';
  await writeFile(join(directory, 'other'), next);
  deployment.wait(6);
  const service = 'other.example';
  expect((await report([pullEvent()], { service, secret: next })).status).toBe(204);
  expect((await report([pullEvent()], { service, secret: OTHER })).status).toBe(401);
});
