/** A secret is shown only by reveal(), and is recognised by its format. */

import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isQuotable, Secret, type SecretFormat, secretFormatOf } from '../../lib/domain/secret.ts';

const secret = new Secret('hunter2-very-secret');
const nested = { list: [secret], map: new Map([['key', secret]]), set: new Set([secret]), deep: { secret } };

function sum(left: unknown, right: unknown): string {
  return (left as string) + (right as string);
}

const SHOWN: Record<string, string> = {
  'a template string': `${secret}`,
  'String()': String(secret),
  'a sum': sum('', secret),
  'toString()': secret.toString(),
  join: [secret, secret].join(),
  'toLocaleString()': secret.toLocaleString(),
  'JSON.stringify': JSON.stringify(secret),
  'JSON.stringify of an object around it': JSON.stringify({ ...nested, map: [...nested.map] }),
  'JSON.stringify of a copy': JSON.stringify({ ...secret }),
  'util.inspect': inspect(secret),
  'util.inspect of an object around it': inspect(nested, { depth: null, showHidden: true }),
  'util.inspect without custom functions': inspect(secret, {
    customInspect: false,
    showHidden: true,
    depth: null,
  }),
  '%s': format('%s', secret),
  '%o': format('%o', secret),
  '%O': format('%O', nested),
  '%j': format('%j', secret),
  'the message of an error': new Error(`bad: ${secret}`).message,
  'an error that carries it': inspect(new Error('bad', { cause: secret })),
  'its members': Reflect.ownKeys(secret).concat(Object.values(secret)).map(String).join(),
  'a structured clone': inspect(structuredClone(secret), { showHidden: true }),
};

describe('a secret', () => {
  it.each(Object.entries(SHOWN))('is not shown by %s', (_, text) => expect(text).not.toContain('hunter2'));
  it('prints as [secret]', () => {
    for (const way of ['a template string', 'String()', 'a sum', 'toString()', 'util.inspect', '%s', '%o']) {
      expect(SHOWN[way]).toBe('[secret]');
    }
    expect(SHOWN['JSON.stringify']).toBe('"[secret]"');
    expect(SHOWN['util.inspect of an object around it']).toContain('[secret]');
  });
  it('is returned by reveal()', () => expect(secret.reveal()).toBe('hunter2-very-secret'));
});

describe('a secret looks like', () => {
  it.each<[SecretFormat, string]>([
    ['a registry token', `plp_${'0'.repeat(87)}`],
    ['a registry token', 'plp_'],
    ['a credential', 'plc_1.eyJ.x'],
    ['a signed token', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln-_AZaz09'],
    ['a signed token', 'eyJ_.-.0'],
    ['a signed token', 'eyJhbGciOiJub25lIn0.e30.'],
    ['a signed token', 'eyJ..'],
    ['a presigned request', 'https://sts.amazonaws.com/?Action=GetCallerIdentity'],
    ['a presigned request', 'http://sts.amazonaws.com/'],
  ])('%s: %s', (format, text) => {
    expect(secretFormatOf(new Secret(text))).toBe(format);
  });

  it.each([
    ...['', 'plp', 'PLP_x', ' plp_x', 'xplp_', 'plc', 'xplc_'],
    ...[
      'eyJ.a',
      'eyJ.a.b.c',
      'eyJ.a.b.c.d',
      'xeyJ.a.b',
      'eyJ+.a.b',
      'eyJ.a=.b',
      'eyJ.a.b=',
      'eyJ.a.b ',
      'a.b.c',
    ],
    ...['https:/x', 'ftp://x', ' https://x', 'xhttps://', 'httpss://x'],
    '3a7d0f6d-an-api-key.of.a.user',
  ])('nothing in particular: %j', text => {
    expect(secretFormatOf(new Secret(text))).toBeUndefined();
  });
});

describe('a message', () => {
  it.each<[what: string, text: string]>([
    ['a repository', 'team-a/app'],
    ['one letter', 'x'],
    ['the address of a registry', 'localhost:5000'],
    ['a long host', 'registry.eu-central-1.internal.example.com'],
    ['a user of a host', 'alice@registry.internal.example.com'],
    ['a URL', 'https://registry.example:5000/team/app'],
    ['an @ behind the host of a URL', 'https://registry.example/a@b'],
    ['a scheme that is not at the start', 'eyJ.http:a.b'],
    ['a word of 23 characters', 'a'.repeat(23)],
    ['a long word before a slash', `${'a'.repeat(24)}/app`],
    ['a long word behind a slash', `app/${'a'.repeat(24)}`],
    ['a long word with an @ in it', `${'a'.repeat(12)}@${'b'.repeat(12)}`],
    ['20 small letters and digits', 'a1'.repeat(10)],
    ['20 capitals and digits', 'A1'.repeat(10)],
    ['20 letters', 'aB'.repeat(10)],
    ['19 characters of all kinds', `Ab1${'a'.repeat(16)}`],
    ['capitals in another segment than the digits', `${'a1'.repeat(10)}/B`],
    ['255 characters', 'ab/'.repeat(85)],
  ])('may repeat %s', (_, text) => expect(isQuotable(text)).toBe(true));

  it.each<[what: string, text: string]>([
    ['nothing', ''],
    ['a blank', 'team a'],
    ['a blank at the start', ' team-a'],
    ['an end of line', 'team-a\n'],
    ['what is not ASCII', 'équipe'],
    ['256 characters', `${'ab/'.repeat(85)}a`],
    ['a registry token', 'plp_x'],
    ['a registry token behind http', 'http:plp_x'],
    ['a credential behind https', 'https:plc_x'],
    ['a signed token', 'eyJ.a.b'],
    ['a query', 'team-a/app?x'],
    ['a fragment', 'team-a/app#x'],
    ['a password in a URL', 'https://alice:secret@registry.example'],
    ['a word of 24 characters', 'a'.repeat(24)],
    ['a prefix with a word of 24 characters', `${'a'.repeat(24)}/*`],
    ['20 characters of all kinds, a capital last', `${'a'.repeat(18)}1B`],
    ['20 characters of all kinds, a small letter last', `${'A'.repeat(18)}1b`],
    ['20 characters of all kinds, a digit last', `${'A'.repeat(18)}b1`],
    ['20 characters of base64url', `Ab1${'-_'.repeat(8)}-`],
    ['20 characters of all kinds below a namespace', `team-a/${'Ab1x'.repeat(5)}`],
  ])('may not repeat %s', (_, text) => expect(isQuotable(text)).toBe(false));
});
