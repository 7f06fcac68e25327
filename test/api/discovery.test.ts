/** The public documents. */

import { X509Certificate } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { toSeconds } from '../../lib/domain/time.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { activateKey } from '../../lib/signing/ring-rotation.ts';
import { deploy, PUBLIC_URL } from '../support/deployment.ts';
import { SERVICE } from '../support/records.ts';
import { deployment, useDeployment } from '../support/setup.ts';

useDeployment();

const PUBLIC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: expect.stringMatching(/^[\w-]{43}$/),
  y: expect.stringMatching(/^[\w-]{43}$/),
  kid: expect.stringMatching(/^[\w-]{43}$/),
};

describe('a public document that the client has', () => {
  const PATHS = [
    `/v1/services/${SERVICE.name}/jwks.json`,
    `/v1/services/${SERVICE.name}/rootcertbundle.pem`,
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/openapi.json',
  ];
  it.each(PATHS)('%s is not sent again: 304 with its tag, and 200 for any other tag', async path => {
    const get = (known?: string) =>
      deployment.send(`GET ${path}`, known === undefined ? {} : { headers: { 'if-none-match': known } });
    const { etag = '' } = (await get()).headers;
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, ` ${etag} ,"other"`, '*']) {
      const { status, text, headers } = await get(known);
      expect([known, status, text]).toEqual([known, 304, '']);
      expect(headers).toMatchObject({ etag, 'cache-control': 'public, max-age=300' });
    }
    for (const known of ['', '"other"', etag.slice(1, -1), `"${etag}"`, '"', 'W/', etag.toUpperCase()]) {
      const { status, text } = await get(known);
      expect([known, status, text !== '']).toEqual([known, 200, true]);
    }
  });

  it('whose key set has changed is sent anew, under another tag', async () => {
    const path = `GET /v1/services/${SERVICE.name}/jwks.json`;
    const { etag: known = '' } = (await deployment.send(path)).headers;
    await activateKey(SERVICE, fileKeyStore(join(deployment.directory, 'keys')), toSeconds(Date.now()));
    // Keys are read again after half a minute.
    deployment.wait(60);
    const { status, headers } = await deployment.send(path, { headers: { 'if-none-match': known } });
    expect([status, headers.etag === known]).toEqual([200, false]);
  });
});

describe('a public document', () => {
  it.each([`/v1/services/${SERVICE.name}/jwks.json`, '/.well-known/jwks.json'])(
    '%s holds public keys, with their names, and may be kept for a while',
    async path => {
      const { status, headers, json } = await deployment.send(`GET ${path}`);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/jwk-set+json',
        'cache-control': 'public, max-age=300',
        'x-request-id': expect.any(String),
      });
      expect(json.keys.length).toBeGreaterThan(0);
      for (const key of json.keys) expect(key).toMatchObject(PUBLIC_KEY);
      for (const secret of ['d', 'p', 'q', 'k']) {
        expect(json.keys.filter((key: object) => secret in key)).toEqual([]);
      }
    },
  );

  it('for registries that take certificates is a PEM of one root', async () => {
    const { status, headers, text } = await deployment.send(
      `GET /v1/services/${SERVICE.name}/rootcertbundle.pem`,
    );
    expect([status, headers['content-type']]).toEqual([200, 'application/x-pem-file']);
    expect(new X509Certificate(text).ca).toBe(true);
    expect(text).not.toContain('PRIVATE');
  });

  it('says what the authorization server offers (RFC 8414)', async () => {
    expect((await deployment.send('GET /.well-known/oauth-authorization-server')).json).toEqual({
      issuer: PUBLIC_URL,
      token_endpoint: `${PUBLIC_URL}/oauth/token`,
      jwks_uri: `${PUBLIC_URL}/.well-known/jwks.json`,
      response_types_supported: [],
      revocation_endpoint: `${PUBLIC_URL}/oauth/revoke`,
      grant_types_supported: ['password', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      token_endpoint_auth_methods_supported: ['none'],
      pullpass_services: [{ name: SERVICE.name, registry: SERVICE.registry }],
      pullpass_issuers: [
        {
          key: 'dev',
          issuer: `${PUBLIC_URL}/iam`,
          token_endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/iam\/identity\/token$/),
          client_id: null,
        },
      ],
    });
  });

  it('says where to log in at each IAM and as which client, so that command lines can, and no secret', async () => {
    const secretFile = join(tmpdir(), `pullpass-discovery-${process.pid}`);
    await writeFile(secretFile, 'the-secret-of-the-client');
    const iam = { issuer: 'https://iam.example', keysUrl: 'https://iam.example/keys', audience: PUBLIC_URL };
    const tokenUrl = 'https://iam.example/token';
    const client = { id: 'command-line', secret: `file:${secretFile}` };
    const other = await deploy({
      iamEntry: { tokenUrl: null },
      issuers: [
        { ...iam, key: 'acme', tokenUrl, client },
        { key: 'aws', kind: 'aws' },
      ],
    });
    const { json, text } = await other.send('GET /.well-known/oauth-authorization-server');
    await Promise.all([rm(secretFile), other.close()]);
    expect(json.pullpass_issuers).toMatchObject([
      { key: 'dev', token_endpoint: null, client_id: null },
      { key: 'acme', issuer: 'https://iam.example', token_endpoint: tokenUrl, client_id: 'command-line' },
    ]);
    expect(text).not.toContain('the-secret-of-the-client');
  });

  it('says which key signs now, and is not cached', async () => {
    const { status, headers, json } = await deployment.send(
      `GET /v1/services/${SERVICE.name}/signing-key.json`,
    );
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'application/jwk-set+json',
      'no-store',
    ]);
    expect(json.keys).toEqual([expect.objectContaining(PUBLIC_KEY)]);
    const { json: login } = await deployment.send(`GET /oauth/token?service=${SERVICE.name}`);
    expect(decodeProtectedHeader(login.token).kid).toBe(json.keys[0].kid);
  });

  it('that names the key that takes over is an empty set while none waits', async () => {
    const { status, json } = await deployment.send(`GET /v1/services/${SERVICE.name}/next-signing-key.json`);
    expect([status, json]).toEqual([200, { keys: [] }]);
  });

  it.each(['localhost%3A5000', 'localhost%3a5000', '%6cocalhost:5000'])(
    'is found by the name as clients escape it: %s',
    async service => {
      const { status, json } = await deployment.send(`GET /v1/services/${service}/jwks.json`);
      expect([status, json.keys?.length > 0]).toEqual([200, true]);
    },
  );

  it.each(['jwks.json', 'rootcertbundle.pem', 'signing-key.json', 'next-signing-key.json'])(
    'of a service that is not served is 404: %s',
    async name => {
      for (const service of ['other', '..', 'localhost', 'LOCALHOST:5000', 'localhost%253A5000', '%zz']) {
        const { status, headers, json } = await deployment.send(`GET /v1/services/${service}/${name}`);
        expect([status, json.code, headers['cache-control']]).toEqual([404, 'not-found', 'no-store']);
      }
    },
  );

  it('that cannot be made is 503, and is not cached', async () => {
    await rm(join(deployment.directory, 'keys'), { recursive: true });
    deployment.wait(3600);
    const { status, headers } = await deployment.send('GET /.well-known/jwks.json');
    expect([status, headers['cache-control'], Number(headers['retry-after']) > 0]).toEqual([
      503,
      'no-store',
      true,
    ]);
  });
});
