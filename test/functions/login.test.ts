/** The login function, as its configuration and what it is given make it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogin } from '../../lib/compose/login.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { CONTEXT, eventOf, received } from '../support/events.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

const newToken = async () => (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json.token;

describe('the login function', () => {
  it('logs in without the derivation key, which it has no way to', async () => {
    deployment = await deploy();
    const token = await newToken();
    await rm(join(deployment.directory, 'derivation.json'));
    const handler = createLogin(deployment.worldWith({ PULLPASS_DERIVATION_KEY: undefined }));
    const answer = await handler(eventOf('GET /oauth/token', { basic: ['token', token] }), CONTEXT);
    expect(received(answer)).toMatchObject({ status: 200, json: { expires_in: 300 } });
  });

  it('limits the failures of an address, and lets a good secret in all the same', async () => {
    deployment = await deploy({ environment: { PULLPASS_FAILURES_PER_MINUTE: '4' } });
    const token = await newToken();
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await deployment.logIn('plp_x')).status);
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    const { headers, json } = await deployment.logIn('plp_x');
    expect([headers['retry-after'], json.errors[0].code]).toEqual(['15', 'TOOMANYREQUESTS']);
    expect((await deployment.logIn(token)).status).toBe(200);
    deployment.wait(15);
    expect((await deployment.logIn('plp_x')).status).toBe(401);
  });

  it('bears one wrong password of every client behind an address: two requests each, fifty a minute', async () => {
    deployment = await deploy({ environment: { PULLPASS_FAILURES_PER_MINUTE: undefined } });
    const statuses = [];
    for (let i = 0; i < 101; i++) statuses.push((await deployment.logIn('plp_x')).status);
    expect(statuses.indexOf(429)).toBe(100);
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'an administrator whose issuer is unknown',
      { PULLPASS_ADMINISTRATORS: 'ibm:a:b' },
      'PULLPASS_ADMINISTRATORS holds ibm:a',
    ],
    ['a variable that is misspelt', { PULLPASS_ADMINISTRATOR: 'dev:a:b' }, 'PULLPASS_ADMINISTRATOR is not'],
    ['a URL with a path', { PULLPASS_URL: 'https://x.example/pullpass' }, 'PULLPASS_URL must have no path'],
  ])('does not start with %s', async (_, environment, problem) => {
    deployment = await deploy();
    expect(() => createLogin(deployment.worldWith(environment))).toThrow(problem);
  });
});
