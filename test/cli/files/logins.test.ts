/** Adding a login to docker's config.json or auth.json: everything else in the file stays. */
import { describe, expect, it } from 'vitest';
import { withLogins } from '../../../cli/files/logins.ts';

const ADDED = '{"auths":{"registry.example":{"auth":"bmV3"}}}\n';
const add = (before: string | Uint8Array) =>
  withLogins('/home/alice/config.json', Buffer.from(before as Uint8Array), ADDED);
const merged = (before: object) => JSON.parse(add(JSON.stringify(before)).text);

describe('a login', () => {
  it('is added to the others, and other members stay, in their order', () => {
    const before = {
      HttpHeaders: { 'X-Meta': 'ü\u001b' },
      auths: { 'other.example': { auth: 'b2xk', email: 'a@b' }, 'registry.example:5000': {} },
      unknown: { deep: [null, true, 1.5] },
      proxies: { default: { httpProxy: 'http://proxy:3128' } },
    };
    const after = merged(before);
    expect(after).toEqual({
      ...before,
      auths: { ...before.auths, 'registry.example': { auth: 'bmV3' } },
    });
    expect(Object.keys(after)).toEqual(Object.keys(before));
  });

  it('replaces one for the same registry whole: an identity token there would go before it', () => {
    const auths = { 'registry.example': { auth: 'b2xk', identitytoken: 'x', email: 'a@b' } };
    expect(merged({ auths })).toEqual(JSON.parse(ADDED));
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \n\t\r\n'],
    ['no members', '{}'],
    ['no logins', '{"auths":{}}'],
    ['null for logins', '{"auths":null}'],
  ])('is the only one in a file with %s', (_, before) => {
    expect(JSON.parse(add(before).text)).toEqual(JSON.parse(ADDED));
  });

  it('is indented as the file is', () => {
    const before = JSON.stringify({ auths: { a: {} } }, null, '\t');
    expect(add(before).text).toBe(
      '{\n\t"auths": {\n\t\t"a": {},\n\t\t"registry.example": {\n\t\t\t"auth": "bmV3"\n\t\t}\n\t}\n}\n',
    );
    expect(add('{"auths": {}}').text).toMatch(/^\{\n {2}"auths"/);
  });

  const BROKEN: Record<string, string | Uint8Array> = {
    'cut off': '{"auths":{"a":{"auth":"b2xk"}',
    'with a comment': '{"auths":{}} // mine',
    'with a comma too many': '{"auths":{},}',
    'with a byte order mark, which docker refuses': '\ufeff{}',
    'with a member twice': '{"auths":{},"auths":{"a":{}}}',
    'that is a list': '[]',
    'that is a string': '"auths"',
    'that is null': 'null',
    'with a list of logins': '{"auths":[]}',
    'with a helper that is no name': '{"credsStore":{}}',
    'that is YAML': 'auths:\n  a: b\n',
    'in UTF-16': Buffer.from('\ufeff{"auths":{}}', 'utf16le'),
    'with bytes that are no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  };
  it.each(Object.entries(BROKEN))('is not added to a file %s', (_, before) => {
    expect(() => add(before)).toThrow(
      '/home/alice/config.json is not valid JSON with logins, so nothing was written to it.',
    );
  });
});

describe('a helper that clients ask instead', () => {
  it.each<[string, object, string | undefined]>([
    ['for the registry', { credHelpers: { 'registry.example': 'ecr-login' } }, 'ecr-login'],
    ['for everything', { credsStore: 'desktop' }, 'desktop'],
    [
      'for the registry before one for everything',
      { credsStore: 'desktop', credHelpers: { 'registry.example': 'pullpass' } },
      'pullpass',
    ],
    ['for another registry', { credHelpers: { 'other.example': 'ecr-login' } }, undefined],
    ['with an empty name', { credsStore: '' }, undefined],
  ])('%s is told', (_, before, helper) => {
    expect(add(JSON.stringify(before)).helper).toBe(helper);
  });
});
