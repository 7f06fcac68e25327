/** What a secret looks like: enough to tell the caller's mistake, and no more. */
import { describe, expect, it } from 'vitest';
import { Secret, type SecretFormat, secretFormatOf } from '../../lib/domain/secret.ts';

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
  ])('%s: %s', (appearance, text) => {
    expect(secretFormatOf(new Secret(text))).toBe(appearance);
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
    '3a7d0f6d-an-api-key.of.somebody',
  ])('nothing in particular: %j', text => {
    expect(secretFormatOf(new Secret(text))).toBeUndefined();
  });
});
