/** The credentials that each kind of route reads from a request, and where it reads them. */
import { describe, expect, it } from 'vitest';
import type { Credentials } from '../../lib/domain/principal.ts';
import {
  loginCredentials,
  managementCredentials,
  TOKEN_EXCHANGE,
  vendingCredentials,
} from '../../lib/http/credentials.ts';
import { parseForm } from '../../lib/http/form.ts';
import type { Route } from '../../lib/http/request.ts';
import { errorOf } from '../support/errors.ts';
import { basicHeader } from '../support/events.ts';

const shown = (presented: Credentials) =>
  presented.userName === 'anonymous' ? 'anonymous' : `${presented.userName} ${presented.secret.reveal()}`;

const sent = (header: string | undefined) => ({
  headers: (header === undefined ? {} : { authorization: header }) as Record<string, string>,
});

function login(
  method: 'GET' | 'POST',
  { header, form = '' }: { header?: string | undefined; form?: string },
): Credentials {
  const route: Route = {
    method,
    path: '/',
    operation: '',
    authentication: 'login',
    body: 'form',
    errors: 'registry',
  };
  const headers: Record<string, string> = header === undefined ? {} : { authorization: header };
  return loginCredentials({ route, headers, form: parseForm(form) });
}

describe('what a login presents', () => {
  it.each([
    ['a registry token', basicHeader(['token', 'plp_x']), 'token plp_x'],
    ['an API key', basicHeader(['iamapikey', 'k:y']), 'iamapikey k:y'],
    ['an access token of an IAM', basicHeader(['iambearer', 'j.w.t']), 'iambearer j.w.t'],
    ['a registry token of no length, which is not nothing', basicHeader(['token', '']), 'token '],
    ['nothing', undefined, 'anonymous'],
    ['Basic of nothing', 'Basic Og==', 'anonymous'],
  ])('by GET is %s', (_, header, expected) => {
    expect(shown(login('GET', { header }))).toBe(expected);
  });

  it.each([
    ['a registry token', 'username=token&password=plp_x', 'token plp_x'],
    ['an API key with letters that need escapes', 'username=iamapikey&password=a%2Bb+c', 'iamapikey a+b c'],
    ['nothing', '', 'anonymous'],
    ['nothing in two empty parameters', 'username=&password=', 'anonymous'],
  ])('by POST is %s', (_, form, expected) => {
    expect(shown(login('POST', { form: `grant_type=password&${form}` }))).toBe(expected);
  });

  it.each([
    ['an unknown user name', { header: basicHeader(['admin', 'x']) }],
    ['a user name in another case', { header: basicHeader(['Token', 'x']) }],
    ['a user name with a space', { header: basicHeader(['token ', 'x']) }],
    ['the user name anonymous with a password', { header: basicHeader(['anonymous', 'x']) }],
    ['the name of a member of every object', { header: basicHeader(['constructor', 'x']) }],
    ['no user name', { header: basicHeader(['', 'plp_x']) }],
    ['a Bearer header', { header: 'Bearer plp_x' }],
  ])('is a bad credential for %s', (_, sent) => {
    expect(errorOf(() => login('GET', sent)).code).toBe('unauthenticated');
  });

  const header = (value: string) => () => login('GET', { header: value });
  it.each([
    ['Bearer', header('Bearer x'), 'misplaced', 'Bearer at the login endpoint'],
    ['an unknown user name', header(basicHeader(['admin', 'x'])), 'misplaced', 'unknown user name'],
    ['no credentials', () => managementCredentials(sent(undefined)), 'no-secret', 'no credentials'],
    ['no scheme', header('x'), 'unknown-secret', 'malformed credentials: authorization scheme'],
    [
      'no colon',
      header('Basic eA=='),
      'unknown-secret',
      'malformed credentials: no colon in Basic credentials',
    ],
    ['no base64', header('Basic ?'), 'unknown-secret', 'malformed credentials: base64 is not canonical'],
    ['no UTF-8', header('Basic /w=='), 'unknown-secret', 'malformed credentials: credentials are not UTF-8'],
  ])('is counted and logged as what was wrong with it: %s', (_, read, denial, reason) => {
    expect(errorOf(read).details).toMatchObject({ denial, reason });
  });

  it.each([
    ['no user name', 'password=plp_x'],
    ['an unknown user name', 'username=admin&password=plp_x'],
  ])('is a bad credential for %s in a form', (_, form) => {
    expect(errorOf(() => login('POST', { form: `grant_type=password&${form}` })).code).toBe(
      'unauthenticated',
    );
  });

  it.each([
    ['no grant type', 'username=token&password=x', 'invalid-request'],
    ['two grant types', 'grant_type=password&grant_type=password', 'invalid-request'],
    ['two user names', 'grant_type=password&username=token&username=token&password=x', 'invalid-request'],
    ['two passwords', 'grant_type=password&username=token&password=x&password=y', 'invalid-request'],
    ['a refresh token', 'grant_type=refresh_token&refresh_token=x', 'unsupported-grant-type'],
    ['an authorization code', 'grant_type=authorization_code&code=x', 'unsupported-grant-type'],
    ['an empty grant type', 'grant_type=&username=token&password=x', 'unsupported-grant-type'],
  ])('is no request for %s', (_, form, code) => {
    expect(errorOf(() => login('POST', { form })).code).toBe(code);
  });

  it('is taken from the form or from a header, never from both', () => {
    const both = {
      form: 'grant_type=password&username=token&password=x',
      header: basicHeader(['token', 'y']),
    };
    expect(errorOf(() => login('POST', both))).toMatchObject({
      code: 'invalid-request',
      details: { detail: 'Send credentials in the form or in the Authorization header, not in both.' },
    });
  });

  it('names the parameter that is missing', () => {
    const { details } = errorOf(() => login('POST', { form: 'username=token&password=x' }));
    expect(details.detail).toBe('The parameter grant_type is missing.');
  });
});

describe('what a management call presents', () => {
  it.each([
    ['Bearer', 'Bearer j.w.t', 'iambearer j.w.t'],
    ['an API key', basicHeader(['iamapikey', 'k']), 'iamapikey k'],
    ['an access token as a password', basicHeader(['iambearer', 'j']), 'iambearer j'],
  ])('is read: %s', (_, header, expected) => {
    expect(shown(managementCredentials(sent(header)))).toBe(expected);
  });

  it('is a bad credential when it is missing', () => {
    expect(errorOf(() => managementCredentials(sent(undefined))).code).toBe('unauthenticated');
  });
});

describe('a header that cannot be read is refused with what is wrong with it', () => {
  it.each([
    ['a value without a scheme', 'plp_x', 'write Basic and base64 of user:password, or Bearer and a token'],
    ['another scheme', 'Token x', 'write Basic and base64 of user:password, or Bearer and a token'],
    ['Bearer of nothing', 'Bearer ', 'write Basic and base64 of user:password, or Bearer and a token'],
    ['no base64', 'Basic token:plp_x', 'after Basic comes the base64 of user:password, padded'],
    ['a password alone', `Basic ${Buffer.from('plp_x').toString('base64')}`, 'this holds no colon'],
    ['no UTF-8', 'Basic /w==', 'must be UTF-8'],
  ])('%s', (_, header, says) => {
    for (const read of [managementCredentials, vendingCredentials]) {
      const { code, details } = errorOf(() => read(sent(header)));
      expect([code, details.detail]).toEqual([
        'unauthenticated',
        expect.stringMatching(/^The header Authorization cannot be read: /),
      ]);
      expect(details.detail).toContain(says);
      expect(details.detail).not.toContain('plp_x');
    }
  });
});

describe('what a credential is asked for with', () => {
  it.each([
    ['a registry token by Bearer', 'Bearer plp_x', 'token plp_x'],
    ['an access token by Bearer', 'Bearer j.w.t', 'iambearer j.w.t'],
    ['a credential by Bearer, which is no access token', 'Bearer plc_x', 'iambearer plc_x'],
    ['a registry token by Basic', basicHeader(['token', 'plp_x']), 'token plp_x'],
    ['a registry token under a wrong name', basicHeader(['iambearer', 'plp_x']), 'iambearer plp_x'],
    ['an API key', basicHeader(['iamapikey', 'k']), 'iamapikey k'],
    ['the token of a workload', basicHeader(['oidc', 'j.w.t']), 'oidc j.w.t'],
    ['nothing, by Basic', 'Basic Og==', 'anonymous'],
  ])('is read: %s', (_, header, expected) => {
    expect(shown(vendingCredentials(sent(header)))).toBe(expected);
  });

  it('is a bad credential when it is missing', () => {
    expect(errorOf(() => vendingCredentials(sent(undefined))).code).toBe('unauthenticated');
  });
});

describe('a user name or password that cannot be right', () => {
  const MANAGEMENT =
    'The user name says what the password is: iamapikey, iambearer, iamrefresh or awsiam; token and oidc are for logins and for POST /v1/credentials.';
  const VENDING =
    'The user name says what the password is: token, iamapikey, iambearer, iamrefresh, awsiam or oidc.';

  it.each([
    ['management', managementCredentials, MANAGEMENT],
    ['vending', vendingCredentials, VENDING],
  ] as const)('is refused by %s with what it takes', (_, read, detail) => {
    const refusal = (pair: readonly [string, string]) => errorOf(() => read(sent(basicHeader(pair)))).details;
    expect(refusal(['admin', 'x'])).toEqual({ reason: 'unknown user name', denial: 'misplaced', detail });
    expect(refusal(['iamapikey', ''])).toEqual({
      ...{ reason: 'empty password', denial: 'no-secret', detail: 'The password is empty.' },
    });
    expect(refusal(['', 'x'])).toEqual({ reason: 'unknown user name', denial: 'misplaced', detail });
    expect(shown(read(sent('Basic Og==')))).toBe('anonymous');
  });
});

describe('what a token exchange presents', () => {
  const type = (name: string) => `urn:ietf:params:oauth:token-type:${name}`;
  const exchange = (...parameters: [string, string][]) =>
    new URLSearchParams([['grant_type', TOKEN_EXCHANGE], ...parameters]).toString();
  const subject = (token: string, of: string) =>
    exchange(['subject_token', token], ['subject_token_type', of]);

  it.each([
    ['access_token', 'plp_x', 'token plp_x'],
    ['access_token', 'j.w.t', 'iambearer j.w.t'],
    ['access_token', 'plc_x', 'iambearer plc_x'],
    ['refresh_token', 'r', 'iamrefresh r'],
    ['refresh_token', 'plp_x', 'iamrefresh plp_x'],
    ['id_token', 'j.w.t', 'oidc j.w.t'],
    ['id_token', 'plp_x', 'oidc plp_x'],
    ['jwt', 'j.w.t', 'oidc j.w.t'],
  ])('as %s is recognised by its type: %s', (name, token, expected) => {
    expect(shown(login('POST', { form: subject(token, type(name)) }))).toBe(expected);
  });

  it.each([
    ['no subject token', exchange(['subject_token_type', type('jwt')])],
    ['an empty one', subject('', type('jwt'))],
    ['no type', exchange(['subject_token', 'x'])],
    ['a type that is not taken', subject('x', type('saml2'))],
    ['a short name of a type', subject('x', 'jwt')],
    ['two subject tokens', `${subject('x', type('jwt'))}&subject_token=y`],
    ['two types', `${subject('x', type('jwt'))}&subject_token_type=y`],
  ])('is no request for %s', (_, form) => {
    const { code, details } = errorOf(() => login('POST', { form }));
    expect(code).toBe('invalid-request');
    expect(details.detail).toMatch(
      /^Name a subject_token and its subject_token_type: |^The parameter \w+ is given /,
    );
  });

  it('is taken from the form alone', () => {
    const both = { form: subject('x', type('jwt')), header: basicHeader(['token', 'y']) };
    expect(errorOf(() => login('POST', both)).code).toBe('invalid-request');
  });

  it('is nothing by GET', () => {
    expect(shown(login('GET', { form: subject('plp_x', type('access_token')) }))).toBe('anonymous');
  });
});
