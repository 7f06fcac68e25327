/** Reads a response (RFC 9112), strictly: what no service of AWS sends is refused, and never read in some other way. */

export interface Response {
  readonly status: number;
  readonly body: string;
  /** Whether its connection may not carry another request. */
  readonly isLast: boolean;
}

const MAX_HEAD_BYTES = 16_384;
/** A batch of items is at most 16 MB, and their bytes are a third more in base64. */
const MAX_BODY_BYTES = 24 * 1024 * 1024;
/** Read from its beginning each time that more comes. */
const MAX_CHUNKED_BYTES = 1024 * 1024;

/** Takes the bytes of one response after the other, as they come. */
export class ResponseReader {
  #before: Buffer[] = [];
  #size = 0;
  #head: Head | undefined;

  /** The response, when all of it is there. Throws for what is no response. The bytes may be overwritten afterwards. */
  read(bytes: Buffer): Response | undefined {
    this.#size += bytes.length;
    if (this.#size < endOf(this.#head)) return this.#keep(Buffer.from(bytes));
    const all = this.#before.length === 0 ? bytes : Buffer.concat([...this.#before, bytes]);
    this.#head ??= readHead(all);
    const response = this.#head && readBody(all, this.#head);
    this.#before = [];
    if (response === undefined) return this.#keep(all === bytes ? Buffer.from(bytes) : all);
    [this.#size, this.#head] = [0, undefined];
    return response;
  }

  #keep(bytes: Buffer): undefined {
    this.#before.push(bytes);
  }
}

interface Head {
  readonly status: number;
  /** Where the body begins. */
  readonly start: number;
  /** Bytes of the body; undefined: it comes in chunks. */
  readonly length: number | undefined;
  readonly isLast: boolean;
}

function endOf(head: Head | undefined): number {
  return head?.length === undefined ? 0 : head.start + head.length;
}

/** A status line, and fields of visible characters: none is folded, and no line ends by itself. */
const HEAD =
  /^HTTP\/1\.([01]) ([2-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
/** What says where the body ends, and whether another response may follow. */
const FRAMING = /\r\n(content-length|transfer-encoding|connection):[ \t]*([^\r\n]*)/gi;

/** Undefined: there is more to come. */
function readHead(bytes: Buffer): Head | undefined {
  const end = bytes.subarray(0, MAX_HEAD_BYTES).indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length >= MAX_HEAD_BYTES) throw malformed('its head is too long');
    return undefined;
  }
  const text = bytes.toString('latin1', 0, end);
  const [, minor, status] = HEAD.exec(text) ?? [];
  if (status === undefined) throw malformed('its head');
  return { status: Number(status), start: end + 4, ...framingOf(text, minor === '0', status === '204') };
}

function framingOf(head: string, isOld: boolean, isEmpty: boolean): Pick<Head, 'length' | 'isLast'> {
  let [length, coding]: (string | undefined)[] = [];
  let isLast = isOld;
  FRAMING.lastIndex = 0;
  for (let found = FRAMING.exec(head); found !== null; found = FRAMING.exec(head)) {
    const [, name = '', padded = ''] = found;
    const value = padded.trimEnd();
    // One length, or one coding: with two, another reader could see another response.
    if (name.length === 'connection'.length) isLast ||= /\bclose\b/i.test(value);
    else if (length !== undefined || coding !== undefined) throw malformed('its length is given twice');
    else if (name.length === 'content-length'.length) length = value;
    else coding = value;
  }
  if (coding?.toLowerCase() === 'chunked' && !isOld) return { length: undefined, isLast };
  // Without a length, a response that was cut off would look like a whole one.
  length ??= isEmpty ? '0' : '';
  if (coding !== undefined || !/^\d{1,8}$/.test(length)) throw malformed('its length');
  if (Number(length) > MAX_BODY_BYTES) throw malformed('it is too long');
  return { length: Number(length), isLast };
}

function readBody(bytes: Buffer, head: Head): Response | undefined {
  const { status, start, length, isLast } = head;
  if (length === undefined) return readChunks(bytes, head);
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { status, body: bytes.toString('utf8', start, end), isLast: isLast || bytes.length > end };
}

/** Of six digits, its line break, and what must not be there. */
const LONGEST_SIZE = 8;

/** Without extensions and trailers, which mean nothing here. */
function readChunks(bytes: Buffer, { status, start, isLast }: Head): Response | undefined {
  if (bytes.length - start > MAX_CHUNKED_BYTES) throw malformed('it is too long');
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const line = bytes.indexOf('\r\n', at);
    const size = bytes.toString('latin1', at, line < 0 ? at + LONGEST_SIZE : line);
    if (!(line < 0 ? /^[0-9a-f]{0,6}\r?$/i : /^[0-9a-f]{1,6}$/i).test(size))
      throw malformed('the size of a chunk');
    if (line < 0) return undefined;
    const from = line + 2;
    const end = from + Number.parseInt(size, 16);
    if (bytes.length < end + 2) return undefined;
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') throw malformed('the end of a chunk');
    at = end + 2;
    if (end === from) {
      return { status, body: Buffer.concat(chunks).toString(), isLast: isLast || bytes.length > at };
    }
    chunks.push(bytes.subarray(from, end));
  }
}

/** With a code, as errors of the network have: it may be another one the next time. */
function malformed(what: string): Error {
  return Object.assign(new Error(`AWS answered what is no response of HTTP/1.1: ${what}`), {
    code: 'EPROTO',
  });
}
