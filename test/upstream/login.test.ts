/** Logins that AWS gives: by the deployment's own role or one of another account, once for all callers, and through failures. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsClient } from '../../lib/aws/client.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Upstream, UpstreamAuthentication } from '../../lib/domain/service.ts';
import { upstreamLogins } from '../../lib/upstream/login.ts';

const NOW_MS = 1_790_000_000_000;
const HOUR_MS = 3_600_000;
const ECR = 'https://111122223333.dkr.ecr.eu-west-1.amazonaws.com';
const ROLE = 'arn:aws:iam::111122223333:role/pull';

interface Asked {
  readonly service: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  readonly body: string;
}

let server: Server;
const asked: Asked[] = [];
let nowMs = NOW_MS;
/** Answers in place of the service. */
let instead: (service: string) => [status: number, body: string] | undefined = () => undefined;
const count = { ecr: 0, sts: 0 };

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const one = await read(request);
    asked.push(one);
    const [status, body] = instead(one.service) ?? [200, one.service === 'sts' ? session() : password()];
    response.writeHead(status).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise(resolve => server.close(resolve).closeAllConnections()));
beforeEach(() => {
  asked.length = 0;
  nowMs = NOW_MS;
  instead = () => undefined;
  Object.assign(count, { ecr: 0, sts: 0 });
});

async function read(request: IncomingMessage): Promise<Asked> {
  const [, accessKeyId = '', region = '', service = ''] =
    /Credential=(\w+)\/\d+\/([\w-]+)\/(\w+)\//.exec(request.headers.authorization ?? '') ?? [];
  const sessionToken = request.headers['x-amz-security-token']?.toString();
  return { service, region, accessKeyId, sessionToken, body: await text(request) };
}

/** As STS answers ("AssumeRole", examples). */
function session(): string {
  count.sts += 1;
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
    <AssumedRoleUser><AssumedRoleId>AROA:pullpass-dev</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/pull/pullpass-dev</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>ASIA${count.sts}</AccessKeyId><SecretAccessKey>wJalr/EXAMPLE+KEY</SecretAccessKey>
    <SessionToken>AQoDYXdzEPT//////////wEXAMPLE==</SessionToken><Expiration>${new Date(nowMs + HOUR_MS).toISOString()}</Expiration></Credentials>
    <PackedPolicySize>6</PackedPolicySize></AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>`;
}

function password(lifeMs = 12 * HOUR_MS): string {
  count.ecr += 1;
  const authorizationToken = Buffer.from(`AWS:p${count.ecr}`).toString('base64');
  return JSON.stringify({ authorizationData: [{ authorizationToken, expiresAt: (nowMs + lifeMs) / 1000 }] });
}

const BASE = {
  accessKeyId: 'AKIAOWN',
  secretAccessKey: new Secret('own'),
  sessionToken: undefined,
};

function logins() {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const common = { endpoint, clock: () => nowMs, randomBytes: (bytes: number) => new Uint8Array(bytes) };
  return upstreamLogins({
    readSecret: async () => undefined,
    ecr: (region = 'eu-central-1', credentials = BASE) =>
      awsClient('ecr', { ...common, region, credentials }),
    sts: () => awsClient('sts', { ...common, region: 'eu-central-1', credentials: BASE }),
    sessionName: 'pullpass-dev',
  });
}

const upstream = (authentication: UpstreamAuthentication, url = ECR): Upstream => ({
  url,
  prefix: '',
  authentication,
});
const basic = (name: string) => `Basic ${Buffer.from(`AWS:${name}`).toString('base64')}`;
const byRole = { kind: 'ecr', roleArn: ROLE, externalId: 'x y&z' } as const;

describe('a login at ECR', () => {
  it.each<[what: string, authentication: UpstreamAuthentication, url: string, region: string]>([
    ['of the region in its host', { kind: 'ecr' }, ECR, 'eu-west-1'],
    ['of the region that the operator names', { kind: 'ecr', region: 'us-east-2' }, ECR, 'us-east-2'],
    ['of the deployment, behind another host', { kind: 'ecr' }, 'https://images.example.com', 'eu-central-1'],
    ['in China', { kind: 'ecr' }, 'https://111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    [
      'in the European Sovereign Cloud',
      { kind: 'ecr' },
      'https://111122223333.dkr.ecr.eusc-de-east-1.amazonaws.eu',
      'eusc-de-east-1',
    ],
  ])('is fetched in the region %s', async (_, authentication, url, region) => {
    expect(await logins().get(upstream(authentication, url), nowMs)).toBe(basic('p1'));
    expect(asked).toMatchObject([{ service: 'ecr', region, accessKeyId: 'AKIAOWN', body: '{}' }]);
  });

  it('lasts as long as ECR says, and not the twelve hours that others last', async () => {
    const { get } = logins();
    instead = () => [200, password(HOUR_MS)];
    await get(upstream({ kind: 'ecr' }), nowMs);
    instead = () => [400, '{"__type":"AccessDeniedException"}'];
    nowMs += HOUR_MS - 1;
    expect(await get(upstream({ kind: 'ecr' }), nowMs)).toBe(basic('p1'));
    nowMs += 10_000;
    await expect(get(upstream({ kind: 'ecr' }), nowMs)).rejects.toMatchObject({ code: 'upstream-refused' });
  });
});

describe('a login that ECR gives', () => {
  it('is good for five minutes although it ended before it came: the clocks differ', async () => {
    const { get } = logins();
    instead = () => [200, password(-HOUR_MS)];
    expect(await get(upstream({ kind: 'ecr' }), nowMs)).toBe(basic('p1'));
    nowMs += 150_000 - 1;
    expect(await get(upstream({ kind: 'ecr' }), nowMs)).toBe(basic('p1'));
    nowMs += 1;
    expect(await get(upstream({ kind: 'ecr' }), nowMs)).toBe(basic('p2'));
  });

  it('is another in each region, and one for all registries of a region', async () => {
    const { get } = logins();
    const at = (region: string, account = '111122223333') =>
      get(upstream({ kind: 'ecr' }, `https://${account}.dkr.ecr.${region}.amazonaws.com`), nowMs);
    expect([await at('eu-west-1'), await at('eu-west-2'), await at('eu-west-1', '444455556666')]).toEqual(
      ['p1', 'p2', 'p1'].map(basic),
    );
  });

  it.each([
    '{}',
    '{"authorizationData":[]}',
    '{"authorizationData":[{"authorizationToken":7,"expiresAt":1}]}',
    '{"authorizationData":[{"authorizationToken":"x","expiresAt":"1"}]}',
  ])('is not made up from %s', async body => {
    instead = () => [200, body];
    await expect(logins().get(upstream({ kind: 'ecr' }), nowMs)).rejects.toMatchObject({
      code: 'upstream-refused',
      details: { reason: 'upstream: ECR answered without a password' },
    });
  });
});

describe('a password by reference', () => {
  const NAME = 'arn:aws:secretsmanager:eu-central-1:1:secret:s';
  const authentication = { kind: 'password', username: 'robot', password: NAME } as const;
  const robot = (word: string) => `Basic ${Buffer.from(`robot:${word}`).toString('base64')}`;
  let secret: () => Promise<string | undefined>;
  let reads = 0;
  const passwords = () =>
    upstreamLogins({
      readSecret: () => {
        reads += 1;
        return secret();
      },
      ecr: () => async () => expect.fail('ECR is not asked'),
      sts: () => async () => expect.fail('no role is configured'),
      sessionName: 'pullpass-dev',
    });
  beforeEach(() => {
    reads = 0;
    secret = async () => 'one';
  });

  it('is read once for all who ask, and again after five minutes', async () => {
    const { get } = passwords();
    const both = await Promise.all([
      get(upstream(authentication), nowMs),
      get(upstream(authentication), nowMs),
    ]);
    expect([both, reads]).toEqual([[robot('one'), robot('one')], 1]);
    secret = async () => 'two';
    nowMs += 5 * 60_000 - 1;
    expect(await get(upstream(authentication), nowMs)).toBe(robot('one'));
    nowMs += 1;
    expect(await get(upstream(authentication), nowMs)).toBe(robot('two'));
  });

  it('is used for twelve hours while it cannot be read', async () => {
    const { get } = passwords();
    await get(upstream(authentication), nowMs);
    secret = () => Promise.reject(new Error('no answer'));
    nowMs += 12 * HOUR_MS - 1;
    expect(await get(upstream(authentication), nowMs)).toBe(robot('one'));
    nowMs += 5_000;
    await expect(get(upstream(authentication), nowMs)).rejects.toMatchObject({
      code: 'upstream-refused',
      details: { reason: 'upstream: Secrets Manager gives no password: Error' },
    });
  });

  it.each<[what: string, read: () => Promise<string | undefined>, code: string, reason: string]>([
    ['is not there', async () => undefined, 'upstream-refused', `there is no password at ${NAME}`],
    ['is empty', async () => '', 'upstream-refused', `there is no password at ${NAME}`],
    [
      'is not answered for',
      () => Promise.reject(Object.assign(new Error('x'), { name: 'TimeoutError' })),
      'unavailable',
      'Secrets Manager gives no password: TimeoutError',
    ],
    ['cannot be read', () => Promise.reject('x'), 'upstream-refused', 'gives no password: unknown error'],
  ])('gives no login if it %s, with the reason in the log', async (_, read, code, reason) => {
    secret = read;
    await expect(passwords().get(upstream(authentication), nowMs)).rejects.toMatchObject({
      code,
      details: { reason: expect.stringMatching(`^upstream: .*${reason}$`) },
    });
  });

  it.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret\n\n', 'secret\n'],
    ['a\nb\n', 'a\nb'],
  ])('in the file %j is %j', async (text, word) => {
    const directory = mkdtempSync(join(tmpdir(), 'pullpass-login-'));
    const path = join(directory, 'password');
    writeFileSync(path, text);
    const from = upstream({ ...authentication, password: `file:${path}` });
    expect(await passwords().get(from, nowMs)).toBe(robot(word));
    rmSync(directory, { recursive: true });
    await expect(passwords().get(from, nowMs)).rejects.toMatchObject({
      code: 'upstream-refused',
      details: { reason: expect.stringMatching(/^upstream: its password cannot be read: ENOENT/) },
    });
  });

  it('that is none is none', async () => {
    const { get, renew } = passwords();
    expect([
      await get(upstream({ kind: 'none' }), nowMs),
      await renew(upstream({ kind: 'none' }), nowMs),
      reads,
    ]).toEqual([undefined, undefined, 0]);
  });
});

describe('a role of another account', () => {
  it('is assumed without an external id where none is asked for', async () => {
    await logins().get(upstream({ kind: 'ecr', roleArn: ROLE }), nowMs);
    expect(new URLSearchParams(asked[0]?.body).has('ExternalId')).toBe(false);
  });

  it.each(['AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'])(
    'is refused where STS answers without %s',
    async name => {
      const answer = session().replace(new RegExp(`<${name}>.*</${name}>`), '');
      instead = service => (service === 'sts' ? [200, answer] : undefined);
      await expect(logins().get(upstream(byRole), nowMs)).rejects.toMatchObject({ code: 'upstream-refused' });
      expect(count.ecr).toBe(0);
    },
  );

  it('is assumed with its external id and a session name, and its credentials ask ECR', async () => {
    expect(await logins().get(upstream(byRole), nowMs)).toBe(basic('p1'));
    const [sts, ecr] = asked;
    expect(sts).toMatchObject({ service: 'sts', region: 'eu-central-1', accessKeyId: 'AKIAOWN' });
    expect(Object.fromEntries(new URLSearchParams(sts?.body))).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: ROLE,
      RoleSessionName: 'pullpass-dev',
      ExternalId: 'x y&z',
    });
    expect(ecr).toMatchObject({
      service: 'ecr',
      region: 'eu-west-1',
      accessKeyId: 'ASIA1',
      sessionToken: 'AQoDYXdzEPT//////////wEXAMPLE==',
    });
  });

  it('is assumed once for all who ask at once, and for all its regions', async () => {
    const { get } = logins();
    const other = ECR.replace('eu-west-1', 'us-east-1');
    await Promise.all([ECR, ECR, other, ECR, other].map(url => get(upstream(byRole, url), nowMs)));
    const calls = asked.map(({ service, region }) => `${service} ${region}`);
    expect(calls).toHaveLength(3);
    expect(new Set(calls)).toEqual(new Set(['ecr eu-west-1', 'ecr us-east-1', 'sts eu-central-1']));
    await get(upstream({ kind: 'ecr', roleArn: ROLE }), nowMs);
    expect(count.sts).toBe(2);
  });

  it('is assumed anew at half its life, and used through failures of STS until its end', async () => {
    const { get, renew } = logins();
    await get(upstream(byRole), nowMs);
    nowMs += HOUR_MS / 2 - 1000;
    await renew(upstream(byRole), nowMs);
    expect(count.sts).toBe(1);
    nowMs += 10_000;
    instead = service => (service === 'sts' ? [403, '<Code>AccessDenied</Code>'] : undefined);
    await renew(upstream(byRole), nowMs);
    expect(asked.at(-1)).toMatchObject({ service: 'ecr', accessKeyId: 'ASIA1' });
    nowMs += 20_000;
    instead = () => undefined;
    await renew(upstream(byRole), nowMs);
    expect(asked.at(-1)).toMatchObject({ service: 'ecr', accessKeyId: 'ASIA2' });
    nowMs += 2 * HOUR_MS;
    instead = service => (service === 'sts' ? [403, '<Code>AccessDenied</Code>'] : undefined);
    await expect(renew(upstream(byRole), nowMs)).rejects.toMatchObject({ code: 'upstream-refused' });
  });
});

describe('what AWS refuses is told from what it does not answer', () => {
  it.each<[what: string, service: string, answer: [number, string], code: string, reason: RegExp]>([
    [
      'STS denies',
      'sts',
      [403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>'],
      'upstream-refused',
      /STS.*role\/pull: AccessDenied/,
    ],
    ['STS fails', 'sts', [500, '<html>'], 'unavailable', /STS/],
    ['STS throttles', 'sts', [400, '<Error><Code>Throttling</Code></Error>'], 'unavailable', /Throttling/],
    ['STS answers without credentials', 'sts', [200, '<AssumeRoleResponse/>'], 'upstream-refused', /STS/],
    [
      'ECR denies',
      'ecr',
      [400, '{"__type":"AccessDeniedException"}'],
      'upstream-refused',
      /ECR.*AccessDeniedException/,
    ],
    ['ECR fails', 'ecr', [503, ''], 'unavailable', /ECR/],
  ])('%s', async (_, broken, answer, code, reason) => {
    instead = service => (service === broken ? answer : undefined);
    const outcome = logins().get(upstream(byRole), nowMs);
    await expect(outcome).rejects.toMatchObject({ code, details: { reason: expect.stringMatching(reason) } });
  });
});
