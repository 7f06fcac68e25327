/** What is remembered of a request that used a token. */
import { describe, expect, it } from 'vitest';
import { useOf } from '../../lib/domain/token-use.ts';
import { NOW } from '../support/records.ts';

describe('the use of a token', () => {
  it('says when, from where, by what and for which service', () => {
    const source = { sourceAddress: '192.0.2.1', client: 'docker/28.2.2 go/go1.24' };
    expect(useOf(source, 'registry.example', NOW)).toEqual({
      at: NOW,
      address: '192.0.2.1',
      client: 'docker/28.2.2 go/go1.24',
      service: 'registry.example',
    });
  });
  it('says null for what is unknown', () => {
    expect(useOf({}, '', NOW)).toEqual({ at: NOW, address: null, client: null, service: null });
  });
  it.each<[string, string | undefined, string | null]>([
    ['none', undefined, null],
    ['an empty one', '', null],
    ['blanks', '   ', null],
    ['blanks before and after', '  docker ', 'docker'],
    ['64 characters behind blanks', `  ${'x'.repeat(64)}`, 'x'.repeat(64)],
    ['64 characters', 'x'.repeat(64), 'x'.repeat(64)],
    ['65 characters', `${'x'.repeat(64)}y`, 'x'.repeat(64)],
    ['an escape sequence', 'a\u001b[31mb', 'a[31mb'],
    ['a line feed and a tab', 'a\n\tb', 'ab'],
    ['letters beyond ASCII, and marks that turn the text around', 'für\u202e x', 'fr x'],
    ['nothing printable', '\u0000\u007f\u{1f98a}', null],
    ['a blank where it is cut', `${'x'.repeat(63)} y`, 'x'.repeat(63)],
  ])('keeps printable ASCII of a User-Agent with %s', (_, client, expected) => {
    expect(useOf({ client }, '', NOW).client).toBe(expected);
  });
});
