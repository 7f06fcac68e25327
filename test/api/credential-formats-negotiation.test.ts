/** Which shape is answered: the body's `format`, or else what `Accept` likes best, or else JSON. */

import { beforeAll, describe, expect, it } from 'vitest';
import { FORMAT_NAMES, type FormatName } from '../../lib/api/credential-formats.ts';
import { ALICE } from '../support/deployment.ts';
import type { Received } from '../support/events.ts';
import { deployment, useDeployment } from '../support/setup.ts';

const TYPES: Record<FormatName, string> = {
  json: 'application/json',
  'docker-config': 'application/vnd.pullpass.docker-config+json',
  'kubernetes-secret': 'application/vnd.pullpass.kubernetes-secret+json',
  'containers-auth': 'application/vnd.pullpass.containers-auth+json',
  ecr: 'application/vnd.pullpass.ecr+json',
  kubelet: 'application/vnd.pullpass.kubelet+json',
  'credential-helper': 'application/vnd.pullpass.credential-helper+json',
  shell: 'text/x-shellscript',
};

let token: string;

useDeployment();
beforeAll(async () => {
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
  const added = await deployment.as(ALICE)('POST /v1/tokens', { json: { repositories: ['team-a/*'] } });
  ({ token } = added.json);
});

function vend(json: object, accept?: string): Promise<Received> {
  const headers: Record<string, string> = accept === undefined ? {} : { accept };
  return deployment.send('POST /v1/credentials', { basic: ['token', token], json, headers });
}

async function typeOf(json: object, accept?: string): Promise<string | undefined> {
  const { status, headers } = await vend(json, accept);
  expect(status).toBe(201);
  return headers['content-type'];
}

describe('a credential is answered', () => {
  it.each(FORMAT_NAMES)('as %s when the body names it, or Accept its media type', async format => {
    const [named, accepted] = [await vend({ format }), await vend({}, TYPES[format])];
    for (const { status, headers } of [named, accepted]) {
      expect([status, headers['content-type']]).toEqual([201, TYPES[format]]);
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  it.each<[string, string | undefined, FormatName]>([
    ['nothing', undefined, 'json'],
    ['an empty list', '', 'json'],
    ['anything, as curl does', '*/*', 'json'],
    ['any application', 'application/*', 'json'],
    ['any text', 'text/*', 'shell'],
    ['what it never heard of', 'application/xml', 'json'],
    ['no media type', ';;;,', 'json'],
    ['one and refuses it', `${TYPES.ecr};q=0`, 'json'],
    ['two, the second more', `${TYPES.ecr};q=0.2, ${TYPES.kubelet};q=0.9`, 'kubelet'],
    ['two alike, the first', `${TYPES.shell}, ${TYPES.ecr}`, 'shell'],
    ['one rather than anything', `*/*;q=0.1, ${TYPES['docker-config']}`, 'docker-config'],
    ['anything but JSON', 'application/json;q=0, */*;q=0.5', 'docker-config'],
    ['one in capitals', TYPES.ecr.toUpperCase(), 'ecr'],
    ['what it never heard of, or one', `application/xml, ${TYPES.kubelet};q=0.3`, 'kubelet'],
  ])('to who accepts %s', async (_, accept, format) => {
    expect(await typeOf({}, accept)).toBe(TYPES[format]);
  });

  it('as the body names it, with any Accept', async () => {
    expect(await typeOf({ format: 'ecr' }, TYPES.shell)).toBe(TYPES.ecr);
    expect(await typeOf({ format: 'json' }, TYPES.shell)).toBe(TYPES.json);
  });

  it.each(['yaml', 'JSON', 'docker-config ', '', '__proto__', 'toString', null, 1, ['json']])(
    'not at all as %j, and the answer says what was wrong',
    async format => {
      const { status, headers, json } = await vend({ format }, TYPES.shell);
      expect([status, json.code, json.errors[0].path]).toEqual([400, 'invalid-request', 'format']);
      expect(headers['content-type']).toBe('application/problem+json');
    },
  );

  it('in problem details when it is refused, with every format asked for', async () => {
    const refused = await vend({ format: 'shell', access: 'push' });
    expect([refused.status, refused.headers['content-type']]).toEqual([403, 'application/problem+json']);
    expect(refused.json.code).toBe('wider-than-parent');
  });
});

describe('in every shape', () => {
  /** The text, and what is in it as base64, also twice. */
  function layers(text: string, depth = 2): string[] {
    if (depth === 0) return [text];
    const hidden = [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].map(([chunk]) =>
      Buffer.from(chunk, 'base64').toString(),
    );
    return [text, ...hidden.flatMap(inner => layers(inner, depth - 1))];
  }

  it.each(FORMAT_NAMES)('%s holds one credential that logs in, and no other secret', async format => {
    const { text } = await vend({ format });
    const seen = layers(text).join('\n');
    const credentials = new Set(seen.match(/plc_[\w.-]{100,}/g));
    expect(credentials.size).toBe(1);
    expect(seen).not.toContain('plp_');
    expect(seen).not.toContain(token.slice(-49, -6));
    const [credential = ''] = credentials;
    const { status, json } = await deployment.logIn(credential, 'repository:team-a/app:pull,push');
    expect([status, json.expires_in]).toEqual([200, 300]);
  });
});
