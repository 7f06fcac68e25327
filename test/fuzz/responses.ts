/** The reader of AWS's responses: read like by another reader, and alike in all pieces that they arrive in. */
import { type Response, ResponseReader } from '../../lib/aws/response.ts';
import { readResponse } from './oracles/response.ts';
import { agree, Escape, type Target } from './target.ts';

/** Bytes at a time. */
const PIECES = [1, 7];

export const RESPONSES: Target = {
  share: 60,
  seeds: [
    'HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\nx-amz-crc32: 2745614147\r\n\r\n{}',
    'HTTP/1.1 400 Bad Request\r\ncontent-length: 10\r\nconnection: close\r\n\r\n{"a":"é"}',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\nA\r\n"01234567"\r\n1\r\n}\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.0 500 \r\nContent-Length:0\r\n\r\n',
    'HTTP/1.1 503\r\ncontent-length: 3 \r\n\r\nabcd',
  ],
  fragments: [
    ...['\r\n', '\r', '\n', '\r\n\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', ' x: y\r\n'],
    ...[
      'content-length: 2\r\n',
      'Content-Length: 0\r\n',
      'transfer-encoding: chunked\r\n',
      'connection: close\r\n',
    ],
    ...['0\r\n\r\n', '2\r\n{}\r\n', '2;a=b\r\n', 'x: y\r\n', '+1', '0x2', '1e1', '99999999', ', chunked'],
  ],
  check(text) {
    const bytes = Buffer.from(text);
    const expected = readResponse(bytes.toString('latin1'));
    const isRead = agree(readAtOnce(bytes), expected);
    const { status, body } = expected ?? {};
    // What follows a response is known only where it arrives with it.
    for (const size of PIECES) agree(readInPieces(bytes, size), expected && { status, body });
    return isRead;
  },
};

function readAtOnce(bytes: Buffer): Response | undefined {
  return orMalformed(() => new ResponseReader().read(bytes));
}

function readInPieces(bytes: Buffer, size: number): Pick<Response, 'status' | 'body'> | undefined {
  const reader = new ResponseReader();
  // As a socket hands it out: the next bytes overwrite these.
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(buffer, 0, at, at + size);
    const response = orMalformed(() => reader.read(buffer.subarray(0, length)) ?? null);
    if (response === undefined) return undefined;
    if (response !== null) return { status: response.status, body: response.body };
  }
  return undefined;
}

function orMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPROTO') return undefined;
    throw new Escape(`threw ${String(error)}`);
  }
}
