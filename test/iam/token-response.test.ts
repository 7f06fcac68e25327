/** Answers of token endpoints: the tokens and the life in each, as the broker and the command both read them. */

import { describe, expect, it } from 'vitest';
import { readTokenResponse } from '../../lib/iam/token-response.ts';

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const issued = (answer: object, status = 200) => {
  const read = readTokenResponse(status, JSON.stringify({ access_token: 'an-access-token', ...answer }));
  return read.kind === 'issued' ? read.tokens : read.kind;
};

describe('the life of an access token', () => {
  it.for<[sentence: string, expiresIn: unknown, life: number | undefined]>([
    ['a whole number', 3600, 3600],
    ['one second', 1, 1],
    ['a fraction, rounded down', 3599.9, 3599],
    ['text', '3600', 3600],
    ['text with blanks', ' 3600 ', 3600],
    ['text with a fraction', '3599.5', 3599],
    ['text with leading zeros', '0060', 60],
    ['nothing when it is absent', undefined, undefined],
    ['nothing when it is null', null, undefined],
    ['nothing for zero', 0, undefined],
    ['nothing for less than a second', 0.5, undefined],
    ['nothing for a negative number', -3600, undefined],
    ['nothing for negative text', '-3600', undefined],
    ['nothing for empty text', '', undefined],
    ['nothing for words', 'one hour', undefined],
    ['nothing for hexadecimal text', '0x10', undefined],
    ['nothing for text with an exponent', '1e3', undefined],
    ['nothing for a number that no integer holds', 1e300, undefined],
    ['nothing for a boolean', true, undefined],
    ['nothing for a list', [3600], undefined],
  ])('is %s', ([, expires_in, lifeSeconds]) => {
    expect(issued({ expires_in })).toMatchObject({ lifeSeconds });
  });

  it('is nothing for a number beyond all bounds', () => {
    const body = '{"access_token":"a","expires_in":1e999}';
    expect(readTokenResponse(200, body)).toMatchObject({ tokens: { lifeSeconds: undefined } });
  });

  it.for<[sentence: string, answer: object, life: number | undefined]>([
    [
      'is taken from the token when the answer has none',
      { access_token: jwt({ iat: 1000, exp: 2200 }) },
      1200,
    ],
    [
      'is that of the token when the answer gives milliseconds',
      { access_token: jwt({ iat: 1000, exp: 4600 }), expires_in: 3_600_000 },
      3600,
    ],
    [
      'is that of the answer when the token lives longer',
      { access_token: jwt({ iat: 1000, exp: 99_000 }), expires_in: 600 },
      600,
    ],
    [
      'is that of the answer when the token does not say when it was issued',
      { access_token: jwt({ exp: 99_000 }), expires_in: 600 },
      600,
    ],
    [
      'is that of the answer when the times of the token are text',
      { access_token: jwt({ iat: '1', exp: '2' }), expires_in: 600 },
      600,
    ],
    [
      'is that of the answer when the token ends before it is issued',
      { access_token: jwt({ iat: 2000, exp: 1000 }), expires_in: 600 },
      600,
    ],
    ['is unknown when neither says it', { access_token: jwt({}) }, undefined],
  ])('%s', ([, answer, lifeSeconds]) => expect(issued(answer)).toMatchObject({ lifeSeconds }));
});

describe('the refresh token', () => {
  it.for<[sentence: string, value: unknown, refreshToken: string | null]>([
    ['as it is', 'a-refresh-token', 'a-refresh-token'],
    ['nothing when it is absent', undefined, null],
    ['nothing when it is null', null, null],
    ['nothing when it is empty', '', null],
    ['nothing when it is blank', '  ', null],
    ['nothing for what IBM Cloud IAM sends instead of one', 'not_supported', null],
    ['nothing when it is a number', 7, null],
    ['nothing when it is an object', { token: 'x' }, null],
    ['nothing when it holds a line break', 'a\nb', null],
  ])('is read %s', ([, refresh_token, refreshToken]) => {
    expect(issued({ refresh_token })).toMatchObject({ accessToken: 'an-access-token', refreshToken });
  });
});

describe('an answer', () => {
  it.for<[status: number, kind: string]>([
    ...([[400], [401], [403]] as const).map(([status]): [number, string] => [status, 'refused']),
    ...[100, 204, 302, 304, 404, 405, 408, 429, 500, 502, 503].map((status): [number, string] => [
      status,
      'failed',
    ]),
  ])('with status %i is %s', ([status, kind]) => {
    expect(
      readTokenResponse(status, status < 400 && status >= 200 && status < 300 ? '' : '{"access_token":"a"}')
        .kind,
    ).toBe(kind);
  });

  it.each([
    '',
    '[]',
    'null',
    '<html>',
    '{',
    '{"access_token":""}',
    '{"access_token":" "}',
    '{"access_token":7}',
    '{"access_token":"a","access_token":"b"}',
    '{"token":"a"}',
  ])('without an access token has failed: %s', body =>
    expect(readTokenResponse(200, body)).toEqual({ kind: 'failed' }),
  );

  it('is read with status 201, from bytes and after a byte order mark', () => {
    const text = '\ufeff{"access_token":"a","refresh_token":"b","expires_in":60,"more":{}}';
    const tokens = { accessToken: 'a', refreshToken: 'b', lifeSeconds: 60 };
    expect(readTokenResponse(201, text)).toEqual({ kind: 'issued', tokens });
    expect(readTokenResponse(200, Buffer.from(text))).toEqual({ kind: 'issued', tokens });
    expect(readTokenResponse(200, Buffer.from([0x7b, 0xff, 0x7d]))).toEqual({ kind: 'failed' });
  });
});
