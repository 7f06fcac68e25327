/** The table of failures: closed, complete, and the one error that carries a row of it. */
import { STATUS_CODES } from 'node:http';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, nameOfError } from '../../lib/domain/error-codes.ts';
import {
  DENIALS,
  denialOf,
  invalidBody,
  messageOf,
  noCredentials,
  PullpassError,
  reasonOf,
  refusalOf,
  sentenceOf,
  tooOften,
  unauthenticated,
  unavailable,
} from '../../lib/domain/errors.ts';
import { NO_UPSTREAM } from '../../lib/domain/registry-errors.ts';

/** Each code with the status and the registry and OAuth codes that are documented. */
const FACES: Record<ErrorCode, [status: number, registryCode: string, oauthError: string]> = {
  'invalid-request': [400, 'UNSUPPORTED', 'invalid_request'],
  'unsupported-grant-type': [400, 'UNSUPPORTED', 'unsupported_grant_type'],
  'unknown-service': [400, 'UNSUPPORTED', 'invalid_request'],
  unauthenticated: [401, 'UNAUTHORIZED', 'invalid_grant'],
  'token-expired': [401, 'UNAUTHORIZED', 'invalid_grant'],
  'token-rotated': [401, 'UNAUTHORIZED', 'invalid_grant'],
  'value-disabled': [401, 'UNAUTHORIZED', 'invalid_grant'],
  forbidden: [403, 'DENIED', 'access_denied'],
  'not-an-administrator-credential': [403, 'DENIED', 'access_denied'],
  'wider-than-parent': [403, 'DENIED', 'invalid_scope'],
  'registration-closed': [403, 'DENIED', 'access_denied'],
  'login-needed': [401, 'UNAUTHORIZED', 'invalid_token'],
  'insufficient-scope': [401, 'DENIED', 'insufficient_scope'],
  'name-unknown': [404, 'NAME_UNKNOWN', 'invalid_request'],
  'manifest-unknown': [404, 'MANIFEST_UNKNOWN', 'invalid_request'],
  'blob-unknown': [404, 'BLOB_UNKNOWN', 'invalid_request'],
  'digest-invalid': [400, 'DIGEST_INVALID', 'invalid_request'],
  'range-not-satisfiable': [416, 'UNSUPPORTED', 'invalid_request'],
  'pull-only': [405, 'UNSUPPORTED', 'invalid_request'],
  'blob-too-large': [501, 'UNSUPPORTED', 'server_error'],
  'upstream-refused': [503, 'UNAVAILABLE', 'temporarily_unavailable'],
  'not-found': [404, 'UNSUPPORTED', 'invalid_request'],
  'method-not-allowed': [405, 'UNSUPPORTED', 'invalid_request'],
  'namespace-taken': [409, 'UNSUPPORTED', 'invalid_request'],
  'not-retrievable': [409, 'UNSUPPORTED', 'invalid_request'],
  'token-disabled': [409, 'UNSUPPORTED', 'invalid_request'],
  'rotation-in-progress': [409, 'UNSUPPORTED', 'invalid_request'],
  'idempotency-replayed': [409, 'UNSUPPORTED', 'invalid_request'],
  'limit-reached': [409, 'UNSUPPORTED', 'invalid_request'],
  'no-build-platform': [409, 'UNSUPPORTED', 'invalid_request'],
  'payload-too-large': [413, 'UNSUPPORTED', 'invalid_request'],
  'unsupported-media-type': [415, 'UNSUPPORTED', 'invalid_request'],
  'idempotency-mismatch': [422, 'UNSUPPORTED', 'invalid_request'],
  'rate-limited': [429, 'TOOMANYREQUESTS', 'temporarily_unavailable'],
  'headers-too-large': [431, 'UNSUPPORTED', 'invalid_request'],
  internal: [500, 'UNKNOWN', 'server_error'],
  unavailable: [503, 'UNAVAILABLE', 'temporarily_unavailable'],
};

const rows = Object.entries(ERRORS);

describe('where an error was made', () => {
  it('is known of a failure that is ours, and of what caused it', () => {
    expect(new PullpassError('internal').stack).toContain('errors.test.ts');
    expect(unavailable('no answer').stack).toContain('errors.test.ts');
  });

  it('is not sought for a refusal, and is again for the next error', () => {
    expect(unauthenticated('token: malformed').stack).toBe('PullpassError: token: malformed');
    expect(new Error('another').stack).toContain('errors.test.ts');
  });
});

describe('the table of errors', () => {
  it('has this status, registry code and OAuth code for each failure', () => {
    const faces = rows.map(([code, row]) => [code, [row.status, row.registryCode, row.oauthError]]);
    expect(Object.fromEntries(faces)).toEqual(FACES);
  });
  it.each(rows)('%s has a status of HTTP, a title and a detail', (code, { status, title, detail }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(STATUS_CODES[status]).toBeDefined();
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(detail).toMatch(/^[A-Z].*\.$/);
  });
  it('has a title of its own for each code', () => {
    expect(new Set(rows.map(([, { title }]) => title)).size).toBe(rows.length);
  });
  it.each<[ErrorCode, string]>([
    ['token-disabled', 'token-disabled'],
    ['value-disabled', 'token-disabled'],
    ['forbidden', 'forbidden'],
  ])('%s is %s to callers', (code, name) => expect(nameOfError(code)).toBe(name));
  it('says in a sentence that the registry behind the proxy does not answer', () => {
    expect(NO_UPSTREAM).toMatch(/^The registry behind this one does not answer; .*\.$/);
  });
  it('does not tell a refused caller which check failed, nor whether the name exists', () => {
    expect(ERRORS.unauthenticated.detail).toBe('The user name or the secret is not valid.');
  });
});

describe('PullpassError', () => {
  const cause = new Error('socket');
  it('carries code, details and cause', () => {
    const error = new PullpassError('unavailable', { reason: 'store: timeout', retryAfterSeconds: 2, cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'PullpassError', code: 'unavailable', cause });
    expect(error.details).toEqual({ reason: 'store: timeout', retryAfterSeconds: 2, cause });
  });
  it('has no details unless they are given', () => {
    expect(new PullpassError('internal').details).toEqual({});
  });
  it('logs the reason, else the detail, else the text of the table', () => {
    expect(new PullpassError('forbidden', { reason: 'why', detail: 'what' }).message).toBe('why');
    expect(new PullpassError('forbidden', { detail: 'what' }).message).toBe('what');
    expect(new PullpassError('forbidden').message).toBe(ERRORS.forbidden.detail);
  });
});

describe('the makers of errors', () => {
  it('make unauthenticated with a reason for the log, not proven unless another denial is given', () => {
    expect(unauthenticated('no key')).toMatchObject({
      code: 'unauthenticated',
      details: { reason: 'no key', denial: 'not-proven' },
    });
    expect(unauthenticated('late', 'expired').details.denial).toBe('expired');
    expect(unauthenticated('no key').details).not.toHaveProperty('detail');
    expect(unauthenticated('no key', 'expired', 'Write it so.').details.detail).toBe('Write it so.');
  });

  it('say to a caller without credentials that none came, and how they are sent', () => {
    expect(noCredentials()).toMatchObject({
      code: 'unauthenticated',
      details: {
        reason: 'no credentials',
        denial: 'no-secret',
        detail:
          'No credentials came with this request; send them in the header Authorization, by Basic or Bearer.',
      },
    });
  });

  it('tell the holder of a proven secret when to come back', () => {
    const detail = 'This secret is used too often; try again later.';
    expect(tooOften(9)).toMatchObject({
      code: 'rate-limited',
      details: { detail, denial: 'too-often', retryAfterSeconds: 9 },
    });
  });

  it('make unavailable with a reason, and what else is given', () => {
    expect(unavailable('store: x').details).toEqual({ reason: 'store: x' });
    const cause = new Error('timeout');
    const error = unavailable('store: x', { retryAfterSeconds: 1, cause });
    expect([error.code, error.details]).toEqual([
      'unavailable',
      { reason: 'store: x', retryAfterSeconds: 1, cause },
    ]);
  });
});

it('a body that is not valid is an invalid request, with each problem', () => {
  const problems = [{ path: 'access', message: 'is missing' }];
  const { code, details } = invalidBody(problems);
  expect([code, details]).toEqual([
    'invalid-request',
    { detail: 'The body is not valid; see errors.', problems },
  ]);
});

describe('refusalOf', () => {
  const login = { handle: 'h', subject: 'token:t' };
  it('says whose login was refused, and why', () => {
    const error = refusalOf(unauthenticated('late', 'expired', 'Write it so.'), login);
    expect(error).toBeInstanceOf(PullpassError);
    expect(error).toMatchObject({ code: 'unauthenticated', message: 'late' });
    expect((error as PullpassError).details).toEqual({
      reason: 'late',
      denial: 'expired',
      detail: 'Write it so.',
      login: { ...login, why: 'late' },
    });
  });
  it.each([unavailable('store: x'), new Error('broken'), { code: 'unauthenticated' }, undefined])(
    'leaves %s as it is',
    error => expect(refusalOf(error, login)).toBe(error),
  );
});

describe('denialOf', () => {
  it.each([
    ['unauthenticated', 'not-proven'],
    ['rate-limited', 'not-proven'],
    ['forbidden', 'no-role'],
    ['not-an-administrator-credential', 'misplaced'],
    ['registration-closed', 'registration-closed'],
    ['wider-than-parent', 'wider-than-parent'],
    ['token-expired', 'expired'],
    ['token-rotated', 'ended'],
    ['value-disabled', 'ended'],
    ['not-found', undefined],
    ['unavailable', undefined],
  ] as const)('%s is counted as %s', (code, denial) => expect(denialOf({ code, details: {} })).toBe(denial));

  it('is the denial of an error that has one', () => {
    expect(denialOf(unauthenticated('late', 'expired'))).toBe('expired');
    expect(denialOf({ code: 'rate-limited', details: { denial: 'ended' } })).toBe('ended');
  });
});

it('the reasons of denials are these: each is a metric', () => {
  expect(DENIALS).toEqual([
    ...[
      'no-secret',
      'unknown-secret',
      'expired',
      'ended',
      'misplaced',
      'network-not-allowed',
      'not-proven',
      'no-role',
    ],
    ...['registration-closed', 'wider-than-parent', 'too-often', 'nothing-granted'],
  ]);
});

describe('what was thrown', () => {
  it('says that a quota is used up, which Node has no words for', () => {
    const error = new Error('Unknown system error -122: Unknown system error -122, write');
    expect(messageOf(error)).toBe('EDQUOT: disk quota exceeded, write');
  });

  it('says its message, or is a text itself', () => {
    expect([messageOf(new TypeError('broken')), messageOf('broken'), messageOf(undefined)]).toEqual([
      'broken',
      'broken',
      'undefined',
    ]);
  });
  it('is told to operators with all that caused it', () => {
    const cause = new Error('reset', { cause: new TypeError('socket') });
    expect(reasonOf(new Error('no answer', { cause }))).toBe(
      'Error: no answer (Error: reset (TypeError: socket))',
    );
    expect([reasonOf(new Error('alone')), reasonOf('text')]).toEqual(['Error: alone', 'text']);
  });
});

describe('what a schema refuses', () => {
  const choice = v.picklist(['pull', 'push', 'none']);
  const OBJECT = v.strictObject({ a: v.optional(v.string()) });
  it.each<[sentence: string, schema: v.GenericSchema, input: unknown]>([
    ['must be a string', v.string(), 1],
    ['must be a number', v.number(), 'x'],
    ['must be true or false', v.boolean(), 'x'],
    ['must be a list', v.array(v.string()), 'x'],
    ['must be an object', v.object({}), 'x'],
    ['must be an object', OBJECT, 'x'],
    ['must be an object', v.record(v.string(), v.string()), 'x'],
    ['is an unknown field', OBJECT, { b: 1 }],
    ['is missing', v.object({ a: v.string() }), {}],
    ['must be pull, push or none', choice, 'x'],
    ['must be pull or push', v.picklist(['pull', 'push']), 'x'],
    ['must be pull', v.literal('pull'), 'x'],
    ['must be a(b)c or d', v.picklist(['a(b)c', 'd']), 'x'],
    ['is not valid', v.date(), 'x'],
    ['is too long for us', v.pipe(v.string(), v.maxLength(1, 'is too long for us')), 'xx'],
  ])('%s', (sentence, schema, input) => {
    expect(v.safeParse(schema, input).issues?.map(sentenceOf)).toEqual([sentence]);
  });
});
