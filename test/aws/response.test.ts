/** Responses of AWS are read strictly: what would leave two ways to read one is refused. */
import { describe, expect, it } from 'vitest';
import { ResponseReader } from '../../lib/aws/response.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

function read(text: string) {
  return new ResponseReader().read(Buffer.from(text, 'latin1'));
}

describe('a response is read', () => {
  it.each([
    ['with its length', `${OK}Content-Length: 2\r\n\r\n{}`, { body: '{}', isLast: false }],
    [
      'of bytes that are UTF-8',
      `${OK}content-length: 4\r\n\r\n"\u00c3\u00a9"`,
      { body: '"é"', isLast: false },
    ],
    [
      'in chunks',
      `${OK}transfer-encoding: Chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`,
      { body: '{}', isLast: false },
    ],
    [
      'before the connection ends',
      `${OK}connection: close\r\ncontent-length: 0\r\n\r\n`,
      { body: '', isLast: true },
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200\r\ncontent-length: 0\r\n\r\n', { body: '', isLast: true }],
    ['with more behind it', `${OK}content-length: 0\r\n\r\nHTTP/1.1`, { body: '', isLast: true }],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toEqual({ status: 200, ...expected });
  });

  it('without a body where there can be none', () => {
    expect(read('HTTP/1.1 204 No Content\r\n\r\n')).toEqual({ status: 204, body: '', isLast: false });
  });

  it('in any pieces, and the next one after it', () => {
    const reader = new ResponseReader();
    const bytes = Buffer.from(`${OK}content-length: 12\r\n\r\n{"a":"bcdef"}`.replace('12', '13'));
    for (let round = 0; round < 2; round++) {
      const answers = [...bytes].map(byte => reader.read(Buffer.of(byte)));
      expect(answers.filter(answer => answer !== undefined)).toEqual([answers.at(-1)]);
      expect(answers.at(-1)?.body).toBe('{"a":"bcdef"}');
    }
  });

  it('of sixteen megabytes in the time that its bytes take', () => {
    const reader = new ResponseReader();
    const piece = Buffer.alloc(16_384, 'x');
    reader.read(Buffer.from(`${OK}content-length: ${1024 * piece.length}\r\n\r\n`));
    let last: ReturnType<typeof reader.read>;
    for (let i = 0; i < 1024; i++) last = reader.read(piece);
    expect(last?.body.length).toBe(1024 * piece.length);
  });
});

it.each([
  ['no line yet', 'HTTP/1.1 2'],
  ['no blank line', `${OK}content-length: 0\r\n`],
  ['half of the body', `${OK}content-length: 2\r\n\r\n{`],
  ['no last chunk', `${OK}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n`],
  ['half of a size', `${OK}transfer-encoding: chunked\r\n\r\n2\r`],
])('is waited for: %s', (_, text) => {
  expect(read(text)).toBeUndefined();
});

const REFUSED: Record<string, string> = {
  'another protocol': 'SSH-2.0-OpenSSH\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n',
  'an interim response': 'HTTP/1.1 100 Continue\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n',
  'no length: it may have been cut off': `${OK}content-type: text/plain\r\n\r\n{}`,
  'two lengths': `${OK}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`,
  'a list of lengths': `${OK}content-length: 2, 2\r\n\r\n{}`,
  'a length and chunks': `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'chunks twice': `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'another coding': `${OK}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'chunks of HTTP/1.0': 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'a length that is negative': `${OK}content-length: -1\r\n\r\n`,
  'a length with a sign': `${OK}content-length: +2\r\n\r\n{}`,
  'a length in hexadecimal': `${OK}content-length: 0x2\r\n\r\n{}`,
  'no digits': `${OK}content-length:\r\n\r\n`,
  'a length beyond what is read': `${OK}content-length: 99999999\r\n\r\n`,
  'a space before the colon': `${OK}content-length : 2\r\n\r\n{}`,
  'a field that goes on in the next line': `${OK}content-length: 2\r\n x: y\r\n\r\n{}`,
  'a line feed alone': `${OK}content-length: 2\nx: y\r\n\r\n{}`,
  'a carriage return alone': `${OK}x: a\rcontent-length: 2\r\n\r\n{}`,
  'a NUL': `${OK}content-length: 2\0\r\n\r\n{}`,
  'a chunk with an extension': `${OK}transfer-encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n`,
  'a chunk that goes on': `${OK}transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n`,
  'a size with two carriage returns': `${OK}transfer-encoding: chunked\r\n\r\n2\r\r\n{}\r\n0\r\n\r\n`,
  'a size without digits': `${OK}transfer-encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n`,
  trailers: `${OK}transfer-encoding: chunked\r\n\r\n0\r\nx: y\r\n\r\n`,
  'a head that does not end': OK + 'x: y\r\n'.repeat(3_000),
  'chunks that do not end': `${OK}transfer-encoding: chunked\r\n\r\n${`ffff\r\n${'x'.repeat(0xffff)}\r\n`.repeat(17)}`,
};

it.each(Object.entries(REFUSED))(
  'is refused, as something that may be otherwise the next time: %s',
  (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'EPROTO' }));
  },
);
