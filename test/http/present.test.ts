import { describe, expect, it } from 'vitest';
import type { Presented, Route } from '../../lib/http/exchange.ts';
import { parseForm } from '../../lib/http/form.ts';
import { presentedToLogin, presentedToManagement } from '../../lib/http/present.ts';
import { errorOf } from '../support/errors.ts';
import { basicHeader } from '../support/events.ts';

const shown = (presented: Presented) =>
  presented.kind === 'anonymous' ? 'anonymous' : `${presented.kind} ${presented.secret.reveal()}`;

function login(
  method: 'GET' | 'POST',
  { header, form = '' }: { header?: string | undefined; form?: string },
): Presented {
  const route: Route = { method, path: '/', operation: '', guard: 'login', body: 'form', face: 'registry' };
  const headers: Record<string, string> = header === undefined ? {} : { authorization: header };
  return presentedToLogin({ route, headers, form: parseForm(form) });
}

describe('what a login presents', () => {
  it.each([
    ['a registry token', basicHeader(['token', 'plp_x']), 'token plp_x'],
    ['an API key', basicHeader(['iamapikey', 'k:y']), 'iamapikey k:y'],
    ['an access token of an IAM', basicHeader(['iambearer', 'j.w.t']), 'iambearer j.w.t'],
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
    ['the name of what is nobody', { header: basicHeader(['anonymous', 'x']) }],
    ['the name of a member of every object', { header: basicHeader(['constructor', 'x']) }],
    ['no user name', { header: basicHeader(['', 'plp_x']) }],
    ['a Bearer header', { header: 'Bearer plp_x' }],
  ])('is a bad credential for %s', (_, sent) => {
    expect(errorOf(() => login('GET', sent)).code).toBe('unauthenticated');
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

  it('stands in the form or in a header, never in both', () => {
    const both = {
      form: 'grant_type=password&username=token&password=x',
      header: basicHeader(['token', 'y']),
    };
    expect(errorOf(() => login('POST', both)).code).toBe('invalid-request');
  });
});

describe('what a management call presents', () => {
  it.each([
    ['Bearer', 'Bearer j.w.t', 'iambearer j.w.t'],
    ['an API key', basicHeader(['iamapikey', 'k']), 'iamapikey k'],
    ['an access token as a password', basicHeader(['iambearer', 'j']), 'iambearer j'],
  ])('is read: %s', (_, header, expected) => {
    expect(shown(presentedToManagement(header))).toBe(expected);
  });

  it('is a bad credential when it is missing', () => {
    expect(errorOf(() => presentedToManagement(undefined)).code).toBe('unauthenticated');
  });
});
