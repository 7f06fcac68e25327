/** Logins that AWS gives: by the deployment's own role or one of another account, once for all callers, and through failures. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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

describe('a role of another account', () => {
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
