/** Requests to issuers behind a proxy, and to issuers that a private authority certifies. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { awsCallers } from '../../lib/iam/aws-sts.ts';
import { Connections } from '../../lib/iam/http-client.ts';
import { issuerKeySet } from '../../lib/iam/issuer-keys.ts';
import { identityVerifier } from '../../lib/iam/verifier.ts';
import { VariableError } from '../../lib/network/proxies.ts';
import { ConnectProxy } from '../support/connect-proxy.ts';
import { PrivateAuthority } from '../support/private-authority.ts';
import { LoopbackIam, only } from './loopback-iam.ts';
import { HOST, LoopbackSts, PUBLIC_URL, proofOf } from './loopback-sts.ts';
import { NOW_MS, signToken, testKey } from './tokens.ts';

const IAM = 'iam.corp.test';
const URLS = { keysUrl: `https://${IAM}/keys`, tokenUrl: `https://${IAM}/token` };

const key = testKey('k1');
let authority: PrivateAuthority;
let iam: LoopbackIam;
let sts: LoopbackSts;
let names: Record<string, number>;
let proxy: ConnectProxy;

beforeAll(async () => {
  authority = await PrivateAuthority.open();
  [iam, sts] = [await new LoopbackIam().open(), await new LoopbackSts().open()];
  iam.keys = [key.jwk];
  iam.exchange = async () => signToken(key);
  names = {
    [IAM]: await authority.front(iam.url, IAM, '127.0.0.1'),
    [HOST]: await authority.front(sts.url, HOST),
  };
});
afterAll(async () => {
  await iam.close();
  await sts.close();
  await authority.close();
});
beforeEach(async () => {
  proxy = await ConnectProxy.open({ names });
});
afterEach(() => proxy.close());

const trusting = () => ({ SSL_CERT_FILE: authority.file });
const behind = (variables: Record<string, string> = {}) =>
  new Connections({ ...trusting(), HTTPS_PROXY: proxy.url, ...variables });

describe('behind a proxy', () => {
  it('the keys and the token endpoint of an issuer are asked through it', async () => {
    const verifier = identityVerifier({ ...only(iam.issuer(URLS)), randomBytes, connections: behind() });
    const apiKey = { kind: 'iamapikey', secret: new Secret('api-key-of-a-farm') } as const;
    expect(await verifier.identify(apiKey, NOW_MS)).toMatchObject({ account: 'test:acct-1' });
    expect(new Set(proxy.asked)).toEqual(new Set([`${IAM}:443`]));
  });

  it('AWS STS is asked through it', async () => {
    const callers = awsCallers({
      publicUrl: PUBLIC_URL,
      endpoint: null,
      cacheKey: randomBytes(32),
      connections: behind(),
    });
    expect(await callers.identify(await proofOf(), NOW_MS)).toMatchObject({ issuer: 'aws' });
    expect(new Set(proxy.asked)).toEqual(new Set([`${HOST}:443`]));
  });

  it('its user and password are sent to it', async () => {
    const connections = behind({ HTTPS_PROXY: proxy.url.replace('//', '//me:p%40ss@') });
    await issuerKeySet(URLS.keysUrl, { connections }).find('k1', NOW_MS);
    expect(proxy.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('an issuer on this machine that is asked by plain http is asked directly', async () => {
    const connections = behind({ HTTP_PROXY: proxy.url });
    expect(await issuerKeySet(`${iam.url}/keys`, { connections }).find('k1', NOW_MS)).toBeDefined();
    expect(proxy.asked).toEqual([]);
  });

  it('an issuer that NO_PROXY names is asked directly', async () => {
    const connections = behind({ NO_PROXY: '127.0.0.1' });
    const keysUrl = `https://127.0.0.1:${names[IAM]}/keys`;
    expect(await issuerKeySet(keysUrl, { connections }).find('k1', NOW_MS)).toBeDefined();
    expect(proxy.asked).toEqual([]);
  });

  it.each([{ login: 'me:secret' }, { refuses: '403 Forbidden' }])(
    'that answers %o, the issuer is unavailable',
    async options => {
      const refusing = await ConnectProxy.open(options);
      const connections = behind({ HTTPS_PROXY: refusing.url });
      await expect(issuerKeySet(URLS.keysUrl, { connections }).find('k1', NOW_MS)).rejects.toMatchObject({
        code: 'unavailable',
      });
      expect(refusing.asked).toEqual([`${IAM}:443`]);
      await refusing.close();
    },
  );

  it('that does not answer, the issuer is unavailable in time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connections = behind({ HTTPS_PROXY: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    const keys = issuerKeySet(URLS.keysUrl, { connections, fetchMs: 50 });
    await expect(keys.find('k1', NOW_MS)).rejects.toMatchObject({ code: 'unavailable' });
    silent.close();
  });

  it('a variable that names no proxy is refused', () => {
    expect(() => behind({ https_proxy: 'socks5://127.0.0.1:1080' })).toThrow(VariableError);
  });

  it.each(['/nonexistent.pem', '/dev/null'])('a file of authorities that is none is refused: %s', file => {
    expect(() => new Connections({ SSL_CERT_FILE: file })).toThrow(VariableError);
  });
});

describe('an issuer that a private authority certifies', () => {
  const keysUrl = () => `https://127.0.0.1:${names[IAM]}/keys`;

  it('is trusted by SSL_CERT_FILE', async () => {
    const keys = issuerKeySet(keysUrl(), { connections: new Connections(trusting()) });
    expect(await keys.find('k1', NOW_MS)).toBeDefined();
  });

  it('is unavailable without it', async () => {
    const keys = issuerKeySet(keysUrl(), { connections: new Connections({}) });
    await expect(keys.find('k1', NOW_MS)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is unavailable under another name', async () => {
    const port = await authority.front(iam.url, 'elsewhere.test');
    const connections = new Connections(trusting());
    const keys = issuerKeySet(`https://127.0.0.1:${port}/keys`, { connections });
    await expect(keys.find('k1', NOW_MS)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
