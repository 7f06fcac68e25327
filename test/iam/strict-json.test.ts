import { describe, expect, it } from 'vitest';
import { member, readStrictJson } from '../../lib/iam/strict-json.ts';

describe('strict JSON', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"a":{"b":1 , "b"\t\r\n:2}}]',
    '{"a":"\\"","b":{},"a":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ])('refuses the repeated member in %s', text => {
    expect(() => readStrictJson(Buffer.from(text))).toThrow('repeats a member');
  });

  it.each(['{"a":"a","b":["a","a"],"c":{"a":"\\\\"}}', '[{"a":1},{"a":2}]', '"a"', '{"a:":1,"a":":"}', '7'])(
    'reads %s as JSON.parse does',
    text => {
      expect(readStrictJson(Buffer.from(text))).toEqual(JSON.parse(text));
    },
  );

  it('reads deep nesting without recursion', () => {
    const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`;
    expect(JSON.stringify(readStrictJson(Buffer.from(deep)))).toBe(deep);
  });
});

describe('a member', () => {
  it('is an own one of an object, or undefined', () => {
    expect(member(readStrictJson(Buffer.from('{"__proto__":{"x":1}}')), '__proto__')).toEqual({ x: 1 });
    for (const value of [{}, [], 'text', null, undefined, 7])
      expect(member(value, 'constructor')).toBeUndefined();
    expect(member('text', 'length')).toBeUndefined();
  });
});
