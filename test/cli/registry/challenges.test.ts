/** The parser of `WWW-Authenticate`: valid, invalid and hostile headers. */
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../lib/domain/distribution.ts';

type Read = readonly (readonly [scheme: string, parameters: Record<string, string>])[] | undefined;

function read(header: string): Read {
  return parseChallenges(header)?.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('the challenges of a header', () => {
  it.for<[sentence: string, header: string, Read]>([
    [
      'as distribution writes one',
      'Bearer realm="https://pullpass.example/oauth/token",service="registry.example"',
      [['bearer', { realm: 'https://pullpass.example/oauth/token', service: 'registry.example' }]],
    ],
    [
      'a comma and an equals sign between quotes part nothing',
      'Bearer realm="https://a.example/?x=1,Basic realm=2",service="b"',
      [['bearer', { realm: 'https://a.example/?x=1,Basic realm=2', service: 'b' }]],
    ],
    [
      'quoted pairs stand for their character',
      'Bearer realm="a\\"b\\\\c\\d"',
      [['bearer', { realm: 'a"b\\cd' }]],
    ],
    [
      'an unquoted value is a token',
      'Bearer realm=abc, service=d',
      [['bearer', { realm: 'abc', service: 'd' }]],
    ],
    ['names are read in any case', 'BEARER Realm="A"', [['bearer', { realm: 'A' }]]],
    [
      'blanks around equals signs and commas',
      'Bearer realm = "a" ,\tservice= "b"',
      [['bearer', { realm: 'a', service: 'b' }]],
    ],
    [
      'empty members of the list',
      ', Bearer realm="a",, service="b",',
      [['bearer', { realm: 'a', service: 'b' }]],
    ],
    [
      'several challenges',
      'Basic realm="simple", Bearer realm="a", service="b", Negotiate',
      [
        ['basic', { realm: 'simple' }],
        ['bearer', { realm: 'a', service: 'b' }],
        ['negotiate', {}],
      ],
    ],
    [
      'a token68 is no parameter',
      'Negotiate YWJj==, Basic realm="a"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    ],
    ['an empty header', '', []],
  ])('%s', ([, header, expected]) => {
    expect(read(header)).toEqual(expected);
  });

  it.for([
    ['an open quote', 'Bearer realm="a'],
    ['a quote that escapes its end', 'Bearer realm="a\\"'],
    ['parameters without a comma', 'Bearer realm="a" service="b"'],
    ['a parameter twice', 'Bearer realm="a",realm="b"'],
    ['a parameter twice in another case', 'Bearer realm="a",Realm="b"'],
    ['a parameter without a scheme', 'realm="a"'],
    ['text behind a quote', 'Bearer realm="a"b'],
    ['a value that is no token', 'Bearer realm=https://a.example/'],
  ])('%s says nothing', ([, header = '']) => {
    expect(read(header)).toBeUndefined();
  });

  it.for(['"', 'a=', 'a ', 'a=", ', '\\"', 'Bearer a=b,'])('%s again and again does not hold it up', part => {
    expect(read(`Bearer realm="${part.repeat(16_384 / part.length)}`)).toBeUndefined();
  });
});
