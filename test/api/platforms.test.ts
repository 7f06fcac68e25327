/** docs/platforms.md, run as it is written: the trust of each platform, and a login with a token that the platform makes. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { DESCRIPTIONS } from '../../lib/domain/platform-claims.ts';
import { PLATFORM_NAMES, PLATFORMS, type Platform } from '../../lib/domain/platforms.ts';
import { alice, served, useAlice, useServed } from '../cli/support/served.ts';
import { claimsOf, grantOf } from '../support/claims.ts';
import { ALICE, MALLORY } from '../support/deployment.ts';
import { openPlatform, type TestIssuer } from '../support/platforms.ts';

const PAGE = readFileSync(new URL('../../docs/platforms.md', import.meta.url), 'utf8');
const GENERIC = JSON.parse(/```json\n(.*?)```/s.exec(PAGE)?.[1] ?? '') as {
  key: string;
  requiredClaims: object;
};
/** The words of each command. */
const COMMANDS = [...PAGE.matchAll(/^pullpass (trust-add (?:.*\\\n)*.*)$/gm)].map(([, text = '']) =>
  [...text.replaceAll('\\\n', '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  ),
);
const keyIn = (words: readonly string[]) => words[words.indexOf('--issuer') + 1] ?? '';

const issuers = new Map<string, TestIssuer>();
afterAll(async () => {
  for (const { server } of issuers.values()) await server.close();
});

async function openAll() {
  for (const platform of PLATFORM_NAMES) {
    const { key = platform, ...more } = platform === 'generic' ? GENERIC : {};
    const { requiredClaims } = more as { requiredClaims?: object };
    issuers.set(key, await openPlatform(platform, { key, ...(requiredClaims && { requiredClaims }) }));
  }
  return { issuers: [...issuers.values()].map(({ entry }) => entry) };
}
useServed(openAll);
useAlice();
beforeAll(async () => {
  await served.deployment.as(ALICE)('PUT /v1/namespaces/team-a');
});

async function grantOfLogin(key: string, overrides: Readonly<Record<string, unknown>> = {}) {
  const aud = `${served.url}/accounts/${accountHandle('dev:acme')}`;
  const token = issuers.get(key)?.token({ aud, ...overrides }) ?? '';
  const line = 'GET /oauth/token?scope=repository:team-a/app:pull,push';
  const answer = await served.deployment.send(line, { basic: ['oidc', token] });
  expect(answer.status, answer.text).toBe(200);
  return { subject: claimsOf(answer).sub, granted: grantOf(answer) };
}

it('the page has a trust for each platform', () => {
  const keys = PLATFORM_NAMES.map(name => (name === 'generic' ? GENERIC.key : name));
  expect(COMMANDS.map(keyIn)).toEqual(keys);
});

it('the table of the page is that of the code', () => {
  const rows = [...PAGE.matchAll(/^\| `(\w+)` \| (.*) \| (.*) \| .* \|$|^\| `(\w+)` \| (.*) \| \| .* \|$/gm)];
  const found = rows.map(row => row.slice(1).filter(Boolean));
  const expected = PLATFORM_NAMES.filter(name => name !== 'generic').map(name => {
    const { always, forPush } = PLATFORMS[name].required;
    const quoted = (names: readonly string[]) => names.map(each => `\`${each}\``).join(', ');
    const push = forPush.map(quoted).join('; and of ');
    return [name, quoted(always), ...(push === '' ? [] : [push])];
  });
  expect(found.filter(([name]) => name !== 'generic' && name !== 'platform')).toEqual(expected);
});

describe.each(COMMANDS.map(words => [keyIn(words), words] as const))('the trust of %s', (key, words) => {
  it('lets a workload of the platform push, and none with another value', async () => {
    expect((await grantOfLogin(key)).granted).toEqual([]);
    const trust = (await alice.json(...words)) as { id: string; claims: Record<string, string> };
    const { subject, granted } = await grantOfLogin(key);
    expect(subject).toBe(`${key}:${issuers.get(key)?.claims().sub}`);
    expect(granted).toEqual(['repository:team-a/app:pull,push']);
    for (const name of Object.keys(trust.claims).filter(each => !each.startsWith('kubernetes.io/'))) {
      expect((await grantOfLogin(key, { [name]: 'another' })).granted, name).toEqual([]);
    }
    await alice.says('trust-rm', '-f', trust.id);
    expect((await grantOfLogin(key)).granted).toEqual([]);
  });

  it('is refused without a claim that it must name', async () => {
    const required = served.deployment.as(ALICE);
    const { issuers: list } = (await required('GET /v1/issuers')).json;
    const { requiredClaims } = list.find((one: { key: string }) => one.key === key);
    const named = words.flatMap((word, i) =>
      words[i - 1] === '--claim' ? [word.split('=', 1).join('')] : [],
    );
    for (const name of [...requiredClaims.always, ...requiredClaims.forPush.flat()]) {
      if (!named.includes(name)) continue;
      const without = words.filter(
        (word, i) =>
          !word.startsWith(`${name}=`) && !(word === '--claim' && words[i + 1]?.startsWith(`${name}=`)),
      );
      const { code, stderr } = await alice.pullpass([...without, '--claim', 'other=x']);
      expect([name, code]).toEqual([name, 1]);
      expect(stderr).toContain('must name');
      expect(stderr).toContain(name);
    }
  });
});

describe('GET /v1/issuers', () => {
  it('lists the issuers of the configuration and all platforms, with what a trust must name', async () => {
    const { status, json } = await served.deployment.as(ALICE)('GET /v1/issuers');
    expect(status).toBe(200);
    expect(json.audience).toBe(`${served.url}/accounts/${accountHandle('dev:acme')}`);
    expect(json.issuers).toHaveLength(PLATFORM_NAMES.length);
    expect(json.issuers[1]).toEqual({
      key: 'gitlab',
      platform: 'gitlab',
      issuer: 'https://gitlab.example',
      requiredClaims: { always: ['project_id'], forPush: [['ref_protected']] },
      maxLifetimeSeconds: 31 * 86_400,
    });
    expect(json.issuers.at(-1)).toMatchObject({ key: GENERIC.key, requiredClaims: GENERIC.requiredClaims });
    const names = json.platforms.map(({ platform }: { platform: Platform }) => platform);
    expect(names).toEqual(PLATFORM_NAMES);
    for (const { platform, claims } of json.platforms as { platform: Platform; claims: object[] }[]) {
      expect(claims).toHaveLength(Object.keys(DESCRIPTIONS[platform].claims).length);
    }
  });

  it('is for administrators, and takes no parameters', async () => {
    expect((await served.deployment.as(MALLORY)('GET /v1/issuers')).status).toBe(403);
    expect((await served.deployment.as(ALICE)('GET /v1/issuers?limit=1')).status).toBe(400);
  });
});

describe('pullpass issuers', () => {
  it('prints the platforms of the deployment, and what a trust must name', async () => {
    const lines = (await alice.says('issuers')).split('\n');
    expect(lines[0]).toMatch(/^ISSUER +PLATFORM +URL +REQUIRED CLAIMS +FOR PUSH, ONE OF$/);
    expect(lines[2]).toMatch(/^gitlab +gitlab +https:\/\/gitlab\.example +project_id +ref_protected$/);
    expect(lines.find(line => line.startsWith('kubernetes'))).toMatch(/uid +none$/);
  });

  it('prints the kinds of platforms with --platforms', async () => {
    const text = await alice.says('issuers', '--platforms');
    for (const platform of PLATFORM_NAMES) expect(text).toContain(DESCRIPTIONS[platform].name);
  });

  it('prints all of it for programs', async () => {
    const { json } = await served.deployment.as(ALICE)('GET /v1/issuers');
    expect(await alice.json('issuers')).toEqual(json);
  });
});
