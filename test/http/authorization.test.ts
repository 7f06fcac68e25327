/** The parser of the Authorization header: one spelling for each secret. */
import { describe, expect, it } from 'vitest';
import { parseAuthorization } from '../../lib/http/credentials.ts';
import { errorOf } from '../support/errors.ts';

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64');

function read(header: string | undefined): unknown {
  const authorization = parseAuthorization(header);
  if (authorization?.scheme === 'basic') return [authorization.userName, authorization.password.reveal()];
  return authorization?.token.reveal();
}

describe('the Authorization header', () => {
  it.each<[string, string | undefined, unknown]>([
    ['none', undefined, undefined],
    ['Basic', `Basic ${encode('token:plp_x')}`, ['token', 'plp_x']],
    ['any case of the scheme', `bAsIc ${encode('token:plp_x')}`, ['token', 'plp_x']],
    ['several spaces', `Basic   ${encode('token:x')}`, ['token', 'x']],
    ['a password with colons', `Basic ${encode('token:a:b:')}`, ['token', 'a:b:']],
    ['an empty pair', 'Basic Og==', ['', '']],
    ['an empty user name', `Basic ${encode(':x')}`, ['', 'x']],
    ['an empty password', `Basic ${encode('token:')}`, ['token', '']],
    ['UTF-8', `Basic ${encode('tökén:🔑')}`, ['tökén', '🔑']],
    ['a byte order mark as part of the user name', `Basic ${encode('\ufefftoken:x')}`, ['\ufefftoken', 'x']],
    ['Bearer', 'Bearer a.b-c_d', 'a.b-c_d'],
    ['bearer in lower case', 'bearer x', 'x'],
  ])('is read: %s', (_, header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it.each([
    ['empty', ''],
    ['another scheme', 'Digest abc'],
    ['a scheme alone', 'Basic'],
    ['a scheme and a space', 'Bearer '],
    ['no scheme', encode('token:x')],
    ['two values', `Basic ${encode('token:x')} x`],
    ['two headers joined into one', `Basic ${encode('token:x')},Basic ${encode('token:y')}`],
    ['two Bearer headers joined into one', 'Bearer a,Bearer b'],
    ['a line feed at the end', `Basic ${encode('token:x')}\n`],
    ['no colon', `Basic ${encode('token')}`],
    ['base64 without its padding', `Basic ${encode('token:x1').replaceAll('=', '')}`],
    ['base64 with too much padding', `Basic ${encode('token:x')}====`],
    ['base64url', `Basic ${encode('token:~~~???').replaceAll('/', '_').replaceAll('+', '-')}`],
    ['base64 with junk inside', 'Basic dG9r*ZW46eA=='],
    ['base64 whose last digit has bits left over', 'Basic OjB='],
    ['bytes that are not UTF-8', `Basic ${encode(Uint8Array.of(0x74, 0x3a, 0xff))}`],
    ['half a surrogate pair', `Basic ${encode(Uint8Array.of(0x3a, 0xed, 0xa0, 0x80))}`],
  ])('is a bad credential: %s', (_, header) => {
    expect(errorOf(() => parseAuthorization(header)).code).toBe('unauthenticated');
  });

  it('has one spelling for one secret: every other padding, digit or alphabet is refused', () => {
    const canonical = encode('token:plp_secret!');
    const last = canonical.replace(/=*$/, '').length - 1;
    for (const digit of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
      const other = canonical.slice(0, last) + digit + canonical.slice(last + 1);
      if (Buffer.from(other, 'base64').equals(Buffer.from(canonical, 'base64')) && other !== canonical) {
        expect(errorOf(() => parseAuthorization(`Basic ${other}`)).code).toBe('unauthenticated');
      }
    }
    expect(read(`Basic ${canonical}`)).toEqual(['token', 'plp_secret!']);
  });

  it('never repeats what it refuses', () => {
    const { message, details } = errorOf(() => parseAuthorization(`Basic ${encode('plp_secret')}`));
    expect(JSON.stringify({ message, details })).not.toContain('plp_secret');
  });
});
