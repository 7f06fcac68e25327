/** The command behind a proxy and a private authority: what goes through, what goes directly, and what is said when it fails. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../cli/helper/serve.ts';
import { provide } from '../../cli/kubelet/provide.ts';
import { ConnectProxy } from '../support/connect-proxy.ts';
import { PrivateAuthority } from '../support/private-authority.ts';
import { QUICK, Shell } from './support/shell.ts';
import { METADATA, newTokens, Stub, TOKEN_ENDPOINT } from './support/stub.ts';

const HOST = 'pullpass.corp.test';
const URL = `https://${HOST}`;
const REGISTRY = 'registry.corp.test';

let authority: PrivateAuthority;
let deployment: Stub;
let registry: Stub;
let names: Record<string, number>;
let proxy: ConnectProxy;
let shell: Shell;
const more: ConnectProxy[] = [];

beforeAll(async () => {
  authority = await PrivateAuthority.open();
  deployment = await Stub.deployment();
  registry = await Stub.open();
  const [front, registryFront] = [
    await authority.front(deployment.url, HOST, 'iam.corp.test', '127.0.0.1', 'localhost'),
    await authority.front(registry.url, REGISTRY),
  ];
  names = { [HOST]: front, 'iam.corp.test': front, [REGISTRY]: registryFront };
  const issuer = {
    key: 'dev',
    issuer: 'https://iam.corp.test',
    token_endpoint: 'https://iam.corp.test/token',
    client_id: 'cli',
  };
  Object.assign(deployment.replies, {
    [METADATA]: () => ({
      json: deployment.metadata({
        issuer: URL,
        pullpass_services: [{ name: REGISTRY, registry: REGISTRY }],
        pullpass_issuers: [issuer],
      }),
    }),
    [TOKEN_ENDPOINT]: () => ({ json: newTokens('first') }),
    'GET /health': () => ({ json: {} }),
  });
  registry.replies['GET /v2/'] = () => ({
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="${URL}/oauth/token",service="${REGISTRY}"` },
  });
});
afterAll(async () => {
  await deployment.close();
  await registry.close();
  await authority.close();
});

beforeEach(async () => {
  shell = await Shell.open();
  proxy = await ConnectProxy.open({ names });
  deployment.requests.length = 0;
});
afterEach(async () => {
  for (const each of [proxy, ...more.splice(0)]) await each.close();
  await shell.close();
});

async function another(options: Parameters<typeof ConnectProxy.open>[0]): Promise<ConnectProxy> {
  const made = await ConnectProxy.open({ names, ...options });
  more.push(made);
  return made;
}

const trusting = () => ({ SSL_CERT_FILE: authority.file });
const behind = (url = proxy.url) => ({ ...trusting(), HTTPS_PROXY: url });
const logIn = (variables: Record<string, string>, url = URL) =>
  shell.pullpass(['login', '--url', url, '--apikey', 'k'], { variables });
/** The port that the front of the deployment has on this machine. */
const port = () => names[HOST];

describe('behind a proxy', () => {
  it('a login reaches the deployment and its issuer by CONNECT, and the proxy sees no secret', async () => {
    expect(await logIn(behind())).toMatchObject({ code: 0 });
    expect(new Set(proxy.asked)).toEqual(new Set([`${HOST}:443`, 'iam.corp.test:443']));
    expect(deployment.lines).toContain(TOKEN_ENDPOINT);
  });

  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])('%s names it', async name => {
    expect(await logIn({ ...trusting(), [name]: proxy.url })).toMatchObject({ code: 0 });
    expect(proxy.asked.length).toBeGreaterThan(0);
  });

  it('that has a user and a password, these are sent to it alone', async () => {
    const closed = await another({ login: 'me:p@ss' });
    const url = closed.url.replace('//', '//me:p%40ss@');
    expect(await logIn(behind(url))).toMatchObject({ code: 0 });
    expect(closed.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(deployment.requests.every(({ headers }) => !('proxy-authorization' in headers))).toBe(true);
  });

  it('that speaks TLS itself, the private authority is trusted for it too', async () => {
    const secure = await another({ tls: await authority.certify('127.0.0.1') });
    expect(await logIn(behind(secure.url))).toMatchObject({ code: 0 });
    expect(secure.asked).toContain(`${HOST}:443`);
  });

  it('the credential helper and the kubelet plugin reach the deployment and the registry through it', async () => {
    expect(await logIn(behind())).toMatchObject({ code: 0 });
    await shell.runs(serve, ['get'], { input: REGISTRY, variables: behind() });
    expect(proxy.asked).toContain(`${REGISTRY}:443`);
    const file = join(shell.directory, 'token');
    await writeFile(file, 'x', { mode: 0o600 });
    proxy.asked.length = 0;
    const image = `${REGISTRY}/team-a/app`;
    const request = {
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderRequest',
      image,
      serviceAccountToken: 'a-token',
    };
    const args = ['--url', URL, '--registry', REGISTRY];
    await shell.runs(provide, args, { input: JSON.stringify(request), variables: behind() });
    expect(new Set(proxy.asked)).toEqual(new Set([`${HOST}:443`, `${REGISTRY}:443`]));
  });

  it('doctor says through which proxy the deployment answers', async () => {
    await logIn(behind());
    const { stdout } = await shell.pullpass(['doctor'], { variables: behind() });
    expect(stdout).toContain(
      `${URL} (target ${HOST}) answers, through the proxy ${proxy.url} (HTTPS_PROXY).`,
    );
    expect(stdout).toContain(`https://${REGISTRY} answers.`);
  });

  it('plain http on this machine stays on this machine', async () => {
    const local = await Stub.deployment();
    expect(await logIn({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }, local.url)).toMatchObject({
      code: 0,
    });
    expect(proxy.asked).toEqual([]);
    await local.close();
  });

  it('a host of NO_PROXY is reached directly', async () => {
    const variables = { ...behind(), NO_PROXY: 'other.test,127.0.0.0/8' };
    const outcome = await logIn(variables, `https://127.0.0.1:${port()}`);
    expect(outcome.stderr).toContain(`says that its URL is ${URL}`);
    expect(proxy.asked).toEqual([]);
  });

  const FAILURES: Record<string, [Parameters<typeof ConnectProxy.open>[0], message: string, next: string]> = {
    'that refuses the password': [
      { login: 'me:secret' },
      'it refuses the user or the password (407).',
      'Correct them in HTTPS_PROXY.',
    ],
    'that refuses the password as tinyproxy does': [
      { refuses: '401 Unauthorized' },
      'it refuses the user or the password (401).',
      'Correct them in HTTPS_PROXY.',
    ],
    'that forbids the host': [
      { refuses: '403 Forbidden' },
      'it answered with status 403.',
      `Check HTTPS_PROXY. If ${HOST} can be reached directly, list its name in NO_PROXY.`,
    ],
    'that answers with a redirect': [{ refuses: '302 Found' }, 'it answered with status 302.', 'NO_PROXY'],
    'that does not find the host': [
      { refuses: '502 Bad Gateway' },
      'it answered with status 502.',
      'NO_PROXY',
    ],
  };
  it.each(Object.entries(FAILURES))(
    '%s, the message says so, without a password',
    async (_, [options, message, next]) => {
      const refusing = await another(options);
      const { code, stderr } = await logIn(behind(refusing.url.replace('//', '//me:wrong@')));
      expect(code).toBe(1);
      expect(stderr).toContain(`${URL} cannot be reached through the proxy ${refusing.url}: ${message}`);
      expect(stderr).toContain(next);
      expect(stderr).not.toContain('wrong');
    },
  );

  it('that speaks no TLS although its URL says so, the message says what to write', async () => {
    const { stderr } = await logIn(behind(proxy.url.replace('http:', 'https:')));
    expect(stderr).toContain('this port does not speak TLS.');
    expect(stderr).toContain(`If the proxy speaks plain http, write ${proxy.url}.`);
  });

  it('whose name is unknown, the message names its variable', async () => {
    const { stderr } = await logIn(behind('proxy.invalid:3128'));
    expect(stderr).toContain('cannot be reached through the proxy http://proxy.invalid:3128: the host name');
    expect(stderr).toContain('Check HTTPS_PROXY.');
  });

  it('that is silent, the message says so in time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const variables = behind(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const timeouts = { ...QUICK, requestMs: 50 };
    const { stderr } = await shell.pullpass(['login', '--url', URL, '--apikey', 'k'], {
      variables,
      timeouts,
    });
    expect(stderr).toContain('no answer within 0.05 s.');
    expect(stderr).toContain('Check HTTPS_PROXY.');
    silent.close();
  });

  it('that requires a password, the message says where to write it', async () => {
    const closed = await another({ login: 'me:secret' });
    const { stderr } = await logIn(behind(closed.url));
    expect(stderr).toContain('it requires a user and a password (407).');
    expect(stderr).toContain('Write them into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT');
  });

  it('that does not run, the message names the proxy and its variable', async () => {
    const gone = proxy.url;
    await proxy.close();
    const { stderr } = await logIn({ ...trusting(), https_proxy: gone });
    proxy = await ConnectProxy.open();
    expect(stderr).toContain(
      `${URL} cannot be reached through the proxy ${gone}: the connection was refused.`,
    );
    expect(stderr).toContain('Check https_proxy.');
  });

  it.each(['socks5://127.0.0.1:1080', 'http://', 'http://a b'])(
    'a proxy of %s is refused by its variable',
    async value => {
      const { code, stderr } = await logIn({ HTTPS_PROXY: value });
      expect(code).toBe(1);
      expect(stderr).toContain('HTTPS_PROXY must be the URL of an http or https proxy');
      expect(deployment.lines).toEqual([]);
    },
  );
});

describe('a private authority', () => {
  const direct = (variables: Record<string, string>) => logIn(variables, `https://127.0.0.1:${port()}`);

  it('of SSL_CERT_FILE is trusted', async () => {
    expect((await direct(trusting())).stderr).toContain(`says that its URL is ${URL}`);
  });

  it('that is not known is named as the cause, and nothing is sent', async () => {
    const { code, stderr } = await direct({});
    expect(code).toBe(1);
    expect(stderr).toContain('this machine does not trust the authority of its certificate.');
    expect(stderr).toContain('SSL_CERT_FILE or NODE_EXTRA_CA_CERTS');
    expect(deployment.lines).toEqual([]);
  });

  it.each([
    ['is missing', 'missing.pem', 'which cannot be read'],
    ['holds no certificate', 'authority.key', 'which holds no certificate in PEM'],
  ])('whose file %s is reported by the variable', async (_, name, message) => {
    const { stderr } = await direct({ SSL_CERT_FILE: join(authority.directory, name) });
    expect(stderr).toContain(`SSL_CERT_FILE names ${join(authority.directory, name)}, ${message}`);
  });

  it('does not make other host names right', async () => {
    const front = await authority.front(deployment.url, 'elsewhere.test');
    const { stderr } = await logIn(trusting(), `https://127.0.0.1:${front}`);
    expect(stderr).toContain('its certificate is for another host name.');
    expect(deployment.lines).toEqual([]);
  });
});

describe('a URL of', () => {
  it('an http port that is asked by TLS: the message says that the port speaks no TLS', async () => {
    const plain = await Stub.open();
    const url = plain.url.replace('http:', 'https:');
    const { stderr } = await logIn({}, url);
    expect(stderr).toContain(`${url} cannot be reached: this port does not speak TLS.`);
    expect(stderr).toContain(`Use ${plain.url}, or check the port.`);
    await plain.close();
  });

  it('an https port that is asked by plain http: the message offers https', async () => {
    const { stderr } = await logIn({}, `http://127.0.0.1:${port()}`);
    expect(stderr).toContain('the connection was closed.');
    expect(stderr).toContain(`If the port speaks TLS, use https://127.0.0.1:${port()}.`);
  });

  it.each([
    'Client sent an HTTP request to an HTTPS server.',
    '<center>The plain HTTP request was sent to HTTPS port</center>',
    "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
  ])('an https port that answers "%s": the message offers https', async text => {
    const front = await Stub.open({ [METADATA]: () => ({ status: 400, text }) });
    const { stderr } = await logIn({}, front.url);
    expect(stderr).toContain(`${front.url} speaks TLS, and was asked by plain http.`);
    expect(stderr).toContain(`Use ${front.url.replace('http:', 'https:')}`);
    await front.close();
  });

  it.each([
    ['with its challenge', 401, { 'www-authenticate': `Bearer realm="${URL}/oauth/token",service="x"` }, URL],
    ['with its version', 200, { 'docker-distribution-api-version': 'registry/2.0' }, 'PULLPASS_URL'],
  ] as const)('a registry %s: the message says that it is one', async (_, status, headers, next) => {
    const wrong = await Stub.open({ 'GET /v2/': () => ({ status, headers }) });
    const { code, stderr } = await logIn({}, wrong.url);
    expect(code).toBe(1);
    expect(stderr).toContain(`${wrong.url} is a registry, and not a deployment of Pullpass.`);
    expect(stderr).toContain(next);
    await wrong.close();
  });

  it('another server: the message says that it is no deployment', async () => {
    const wrong = await Stub.open();
    const { stderr } = await logIn({}, wrong.url);
    expect(stderr).toContain(
      `${wrong.url} does not answer as a deployment of Pullpass: its metadata have status 404.`,
    );
    await wrong.close();
  });

  it('an unknown host name: the message says that', async () => {
    const { stderr } = await logIn({}, 'https://pullpass.invalid');
    expect(stderr).toMatch(
      /https:\/\/pullpass\.invalid cannot be reached: the host name (?:is unknown|cannot be looked up)\./,
    );
    expect(stderr).toContain('Check the spelling.');
  });

  it.each([
    ['pullpass.example.com', 'pullpass.example.com has no scheme; write https://pullpass.example.com:'],
    ['pullpass.example.com:8443/', 'has no scheme; write https://pullpass.example.com:8443:'],
    ['localhost:8080', 'localhost:8080 has no scheme; write http://localhost:8080:'],
    ['http://pullpass.example.com', 'http://pullpass.example.com would carry secrets in the clear;'],
    ['htps://pullpass.example.com', 'htps://pullpass.example.com is not the URL of a deployment;'],
    ['ftp://pullpass.example.com', 'ftp://pullpass.example.com is not the URL of a deployment;'],
    ['plp_0123456789', 'This is not the URL of a deployment;'],
  ])('%s is refused with its own sentence', async (url, message) => {
    const { code, stderr } = await logIn({}, url);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('must begin with https:// (http:// only on this machine)');
  });
});
