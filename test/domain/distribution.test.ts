/** The distribution API: which paths the registry proxy knows, where they lead upstream, and how challenges are read. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges, parseRegistryPath, upstreamPathOf } from '../../lib/domain/distribution.ts';
import { isRepository } from '../../lib/domain/repository.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('a path of the registry proxy', () => {
  it.each([
    ['/v2/', { kind: 'base' }],
    ['/v2/team-a/app/manifests/1.4', { kind: 'manifest', repository: 'team-a/app', reference: '1.4' }],
    [`/v2/team-a/app/manifests/${DIGEST}`, { kind: 'manifest', repository: 'team-a/app', reference: DIGEST }],
    [`/v2/team-a/app/web/blobs/${DIGEST}`, { kind: 'blob', repository: 'team-a/app/web', digest: DIGEST }],
    ['/v2/team-a/app/tags/list', { kind: 'tags', repository: 'team-a/app' }],
    [`/v2/team-a/app/referrers/${DIGEST}`, { kind: 'referrers', repository: 'team-a/app', digest: DIGEST }],
    [
      `/v2/team-a/app/blobs/sha512:${'0f'.repeat(64)}`,
      { kind: 'blob', repository: 'team-a/app', digest: `sha512:${'0f'.repeat(64)}` },
    ],
    // Its last part is what it names, as in distribution.
    [
      '/v2/team-a/manifests/x/manifests/1',
      { kind: 'manifest', repository: 'team-a/manifests/x', reference: '1' },
    ],
    [
      '/v2/team-a/tags/list/manifests/1',
      { kind: 'manifest', repository: 'team-a/tags/list', reference: '1' },
    ],
  ])('%s is read', (path, expected) => {
    expect(parseRegistryPath(path)).toEqual(expected);
  });

  it.each([
    ['/v2/_catalog', 'pull-only'],
    ['/v2/team-a/app/blobs/uploads/', 'pull-only'],
    ['/v2/team-a/app', 'pull-only'],
    ['/v2/app/manifests/1', 'name-unknown'],
    ['/v2/Team-A/app/manifests/1', 'name-unknown'],
    ['/v2/team-a/../team-b/app/manifests/1', 'name-unknown'],
    ['/v2/team-a//app/manifests/1', 'name-unknown'],
    ['/v2/team-a/./app/manifests/1', 'name-unknown'],
    ['/v2/team-a/app/manifests/-x', 'name-unknown'],
    ['/v2/team-a/app/manifests/..', 'name-unknown'],
    [`/v2/team-a/app/manifests/${'a'.repeat(129)}`, 'name-unknown'],
    ['/v2/team-a/app/manifests/sha256:0a', 'digest-invalid'],
    ['/v2/team-a/app/manifests/md5:00000000000000000000000000000000', 'digest-invalid'],
    [`/v2/team-a/app/blobs/${DIGEST.toUpperCase()}`, 'digest-invalid'],
    ['/v2/team-a/app/blobs/latest', 'digest-invalid'],
    ['/v2/team-a/app/referrers/1.4', 'digest-invalid'],
    [`/v2/team-a/app/blobs/x${DIGEST}`, 'digest-invalid'],
    [`/v2/team-a/app/blobs/${DIGEST}0`, 'digest-invalid'],
    [`/v2/team-a/app/blobs/sha512:${'0'.repeat(127)}`, 'digest-invalid'],
    ['/x/v2/team-a/app/tags/list', 'pull-only'],
  ])('%s is %s', (path, problem) => {
    expect(parseRegistryPath(path)).toBe(problem);
  });

  it.each(['/v2', '/v2/'])('%s is the base', path => {
    expect(parseRegistryPath(path)).toEqual({ kind: 'base' });
  });

  it.each([
    `/v2/team-a/app/manifests/${DIGEST}`,
    `/v2/team-a/app/blobs/${DIGEST}`,
    `/v2/team-a/app/referrers/${DIGEST}`,
    '/v2/team-a/app/tags/list',
  ])('%s is mapped to the same path of the prefixed name upstream', path => {
    const read = parseRegistryPath(path);
    if (typeof read === 'string' || read.kind === 'base') throw new Error(`${path} names nothing.`);
    expect(upstreamPathOf(read, 'mirror/')).toBe(path.replace('/team-a/', '/mirror/team-a/'));
  });

  it('leads upstream to the same thing under the prefix, and to nothing else', () => {
    const piece = fc.constantFrom(
      'v2',
      'team-a',
      'app',
      '..',
      '.',
      '',
      '%2e%2e',
      'manifests',
      'blobs',
      'tags',
      'list',
      '1.4',
      DIGEST,
      '?x',
      '#y',
      '\\',
      '@',
      'http:',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), pieces => {
        const path = `/v2/${pieces.join('/')}`;
        const read = parseRegistryPath(path);
        if (typeof read === 'string' || read.kind === 'base') return;
        const upstream = upstreamPathOf(read, 'customers/');
        expect(upstream).toBe(path.replace('/v2/', '/v2/customers/'));
        expect(new URL(upstream, 'https://upstream.example').href).toBe(
          `https://upstream.example${upstream}`,
        );
        expect(isRepository(read.repository)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

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
