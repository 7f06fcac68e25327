import { describe, expect, it } from 'vitest';
import { member, readStrictJson } from '../../lib/domain/strict-json.ts';

describe('what others send', () => {
  it('is read only if it is UTF-8', () => {
    expect(readStrictJson(Buffer.from('{"ä":1}'))).toEqual({ ä: 1 });
    expect(() => readStrictJson(Buffer.from('{"ä":1}', 'latin1'))).toThrow(TypeError);
  });
});

describe('a member', () => {
  it('is an own one of an object, or undefined', () => {
    expect(member({ a: 1 }, 'a')).toBe(1);
    expect(member({ a: 1 }, 'b')).toBeUndefined();
    for (const value of [{}, [], 'text', null, undefined, 7]) {
      expect(member(value, 'constructor')).toBeUndefined();
    }
    expect(member('text', 'length')).toBeUndefined();
  });
});
