/** Entity tags: whose name a client may give, and what it is then answered. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { tagged, unlessKnown } from '../../lib/http/entity-tag.ts';

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' };
const DOCUMENT = tagged('{"a":1}', HEADERS);
const TAG = `"${createHash('sha256').update('{"a":1}').digest().subarray(0, 16).toString('base64url')}"`;
const KNOWN = { status: 304, headers: { 'cache-control': 'public, max-age=300', etag: TAG } };

describe('a document', () => {
  it('has a tag of its text, beside its headers', () => {
    expect(DOCUMENT).toEqual({ status: 200, text: '{"a":1}', headers: { ...HEADERS, etag: TAG } });
    expect(tagged('{"a":2}', HEADERS).headers.etag).not.toBe(TAG);
  });

  it.each([
    ['its tag', TAG],
    ['its tag, made weak by a proxy', `W/${TAG}`],
    ['its tag among others', `"x", W/"y" ,${TAG},"z"`],
    ['any', '*'],
    ['any, with blanks', ' * '],
  ])('is not sent to who names %s', (_, names) => {
    expect(unlessKnown({ headers: { 'if-none-match': names } }, DOCUMENT)).toEqual(KNOWN);
  });

  it.each([
    ['nothing', {}],
    ['an empty list', { 'if-none-match': '' }],
    ['another tag', { 'if-none-match': '"x"' }],
    ['an empty tag', { 'if-none-match': '""' }],
    ['the beginning of its tag', { 'if-none-match': `${TAG.slice(0, -2)}"` }],
    ['its tag without quotes', { 'if-none-match': TAG.slice(1, -1) }],
    ['its tag in another header', { 'if-match': TAG }],
    ['any among others', { 'if-none-match': '*, "x"' }],
  ])('is sent to who names %s', (_, headers) => {
    expect(unlessKnown({ headers }, DOCUMENT)).toBe(DOCUMENT);
  });
});
