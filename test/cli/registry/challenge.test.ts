/** Which registries the command sends credentials for, and how it asks them. */
import { afterEach, describe, expect, it } from 'vitest';
import { Network } from '../../../cli/network.ts';
import { askRegistry, checkRegistry } from '../../../cli/registry/challenge.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { CaptureServer, reply } from '../support/capture.ts';

const network = new Network({});
const URL = 'https://pullpass.example';
const SERVICE = 'registry.example';
const REALM = `${URL}/oauth/token`;
const bearer = (realm: string, service = SERVICE) => `Bearer realm="${realm}",service="${service}"`;
const asking = (challenge: string) => reply('401 Unauthorized', { 'www-authenticate': challenge });

const open: CaptureServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function registry(answer: string): Promise<CaptureServer> {
  const server = await CaptureServer.open(() => answer);
  open.push(server);
  return server;
}

const check = async (answer: string) =>
  checkRegistry(
    { url: URL, service: SERVICE },
    { registry: (await registry(answer)).address, timeoutMs: 2_000, network },
  );

describe('a registry is accepted', () => {
  it.for([
    ['when it names its login endpoint', bearer(REALM)],
    ['when it names the other spelling of it', bearer(`${URL}/auth/token`)],
    ['when it would take a password too', `Basic realm="simple", ${bearer(REALM)}`],
  ])('%s', async ([, challenge = '']) => {
    await expect(check(asking(challenge))).resolves.toMatchObject({ status: 401, challenges: challenge });
  });
});

describe('a registry is refused', () => {
  it.for([
    ['that names a foreign realm', asking(bearer('https://evil.example/oauth/token')), 'has the realm'],
    [
      'whose realm is in another case',
      asking(bearer('https://Pullpass.example/oauth/token')),
      'has the realm',
    ],
    ['whose realm only begins like ours', asking(bearer(`${REALM}/`)), 'has the realm'],
    ['whose realm has a query', asking(bearer(`${REALM}?x`)), 'has the realm'],
    [
      'whose realm is of another host',
      asking(bearer('https://pullpass.example.evil/oauth/token')),
      'has the realm',
    ],
    [
      'whose realm is behind a user name',
      asking(bearer('https://pullpass.example@evil/oauth/token')),
      'has the realm',
    ],
    ['whose realm is not encrypted', asking(bearer('http://pullpass.example/oauth/token')), 'has the realm'],
    ['without a realm', asking(`Bearer service="${SERVICE}"`), 'has the realm ""'],
    ['with another service', asking(bearer(REALM, 'other.example')), 'has the service "other.example"'],
    ['without a service', asking(`Bearer realm="${REALM}"`), 'has the service ""'],
    [
      'with a second challenge of the kind',
      asking(`${bearer(REALM)}, ${bearer('https://evil.example/')}`),
      'exactly one Bearer challenge',
    ],
    [
      'whose challenge can be read in two ways',
      asking(`Bearer realm="${REALM}",realm="x"`),
      'exactly one Bearer challenge',
    ],
    ['that wants a password', asking('Basic realm="simple"'), 'does not send exactly one Bearer challenge'],
    ['that asks for nothing', asking(''), 'does not send exactly one Bearer challenge'],
    ['that needs no login', reply('200 OK'), 'requires no token'],
    ['that is no registry', reply('404 Not Found'), 'answers with status 404'],
  ])('%s', async ([, answer = '', text = '']) => {
    await expect(check(answer)).rejects.toThrow(text);
  });

  it('with advice not to log in to it', async () => {
    const failure = await check(asking(bearer('elsewhere'))).catch((error: Error) => error);
    expect(failure).toMatchObject({ details: { next: expect.stringContaining('do not log in to it') } });
  });
});

describe('a request to a registry', () => {
  it('goes over http on this machine only, and holds no credentials', async () => {
    const server = await registry(reply('401 Unauthorized'));
    await expect(askRegistry({ registry: server.address, timeoutMs: 2_000, network })).resolves.toMatchObject(
      {
        origin: `http://${server.address}`,
      },
    );
    expect(server.received).toMatch(/GET \/v2\/ HTTP\/1\.1\r\n/);
    expect(server.received.toLowerCase()).not.toContain('authorization');
    await expect(askRegistry({ registry: '192.0.2.1:1', timeoutMs: 50, network })).rejects.toThrow(
      'https://192.0.2.1:1',
    );
  });

  it('is not repeated where a redirect points, and an access token even less', async () => {
    const foreign = await registry(reply('200 OK'));
    const server = await registry(
      reply('307 Temporary Redirect', { location: `http://${foreign.address}/v2/` }),
    );
    const accessToken = new Secret('an-access-token');
    await expect(
      askRegistry({ registry: server.address, accessToken, timeoutMs: 2_000, network }),
    ).rejects.toThrow('redirect');
    expect(server.found(['an-access-token'])).toEqual(['an-access-token']);
    expect(foreign.received).toBe('');
  });

  it('ends in time when nothing answers', async () => {
    const server = await registry('');
    const asked = askRegistry({ registry: server.address, timeoutMs: 60, network });
    await expect(asked).rejects.toThrow('cannot be reached: no answer within');
  });
});
