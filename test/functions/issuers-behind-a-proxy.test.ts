/** A whole deployment whose issuer is behind a proxy and certified by a private authority. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogin } from '../../lib/compose/login.ts';
import { ConfigurationError } from '../../lib/config/config.ts';
import { ConnectProxy } from '../support/connect-proxy.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { audienceOf, openGitHub, openIam, type TestIssuer } from '../support/platforms.ts';
import { PrivateAuthority } from '../support/private-authority.ts';

let authority: PrivateAuthority;
let iam: TestIssuer;
let builds: TestIssuer;
let proxy: ConnectProxy;
let deployment: Deployment;

beforeAll(async () => {
  authority = await PrivateAuthority.open();
  [iam, builds] = [await openIam('corp'), await openGitHub('builds')];
  const names = {
    'iam.corp.test': await authority.front(iam.server.url, 'iam.corp.test'),
    'git.corp.test': await authority.front(builds.server.url, 'git.corp.test'),
  };
  proxy = await ConnectProxy.open({ names });
  deployment = await deploy({
    issuers: [
      { ...iam.entry, keysUrl: 'https://iam.corp.test/keys' },
      { ...builds.entry, keysUrl: 'https://git.corp.test/keys' },
    ],
    environment: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: authority.file },
  });
});
afterAll(async () => {
  await deployment.close();
  for (const each of [proxy, iam.server, builds.server, authority]) await each.close();
});

it('identities and workloads log in', async () => {
  const bearer = await deployment.send('GET /oauth/token', { basic: ['iambearer', iam.token()] });
  expect(bearer.status).toBe(200);
  const workload = builds.token({ aud: audienceOf('corp:acme') });
  expect((await deployment.send('GET /oauth/token', { basic: ['oidc', workload] })).status).toBe(200);
  expect([...new Set(proxy.asked)].sort()).toEqual(['git.corp.test:443', 'iam.corp.test:443']);
});

it('a proxy that is none stops the start, by the name of its variable', () => {
  const world = deployment.worldWith({ https_proxy: 'socks5://me:secret@127.0.0.1:1080' });
  expect(() => createLogin(world)).toThrow(ConfigurationError);
  expect(() => createLogin(world)).toThrow('https_proxy must be the URL of an http or https proxy');
  expect(() => createLogin(world)).not.toThrow('secret');
});
