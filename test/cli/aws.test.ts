/** `aws-proof`: the presigned requests that it prints, and its errors. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { printAwsAssertion } from '../../cli/aws.ts';
import { parseAwsAssertion } from '../../lib/iam/aws-assertion.ts';
import { ConnectProxy } from '../support/connect-proxy.ts';
import { isSignedBy } from '../support/presigned.ts';
import { shell, useShell } from './support/setup.ts';
import type { Outcome } from './support/shell.ts';

const PUBLIC_URL = 'https://pullpass.example';
const KEYS = { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret', sessionToken: 'a/token+==' };
const KEY_VARIABLES = {
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  AWS_SESSION_TOKEN: KEYS.sessionToken,
};

useShell();
afterEach(async () => {
  vi.unstubAllEnvs();
});

/** Runs the command in this process, where nothing but `environment` gives credentials. */
async function run(
  args: readonly string[],
  environment: Record<string, string> = KEY_VARIABLES,
): Promise<Outcome> {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  const variables = { HOME: shell.directory, AWS_EC2_METADATA_DISABLED: 'true', ...environment };
  // The AWS SDK reads the environment itself.
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return shell.runs(printAwsAssertion, args, { variables });
}

describe('aws-proof', () => {
  it('prints a proof and nothing else, for the deployment, signed by the keys of the environment', async () => {
    const { code, stdout, stderr } = await run(['--url', PUBLIC_URL, '--region', 'eu-central-1']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const proof = parseAwsAssertion(stdout.replace(/\n$/, ''), Date.now());
    const headers = { host: 'sts.eu-central-1.amazonaws.com', 'x-pullpass-server-id': PUBLIC_URL };
    expect(await isSignedBy(KEYS, { url: `/?${proof.query}`, headers })).toBe(true);
    expect(proof.endsAt - Date.now() / 1000).toBeGreaterThan(240);
  });

  it('prints proofs that differ, also within one second: each may manage once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => run(['--url', PUBLIC_URL])));
    const marks = outcomes.map(({ stdout }) => parseAwsAssertion(stdout.trimEnd(), Date.now()).nonce);
    expect(new Set(marks).size).toBeGreaterThan(1);
  });

  it('asks AWS for a role through the proxy, and not past it', async () => {
    const proxy = await ConnectProxy.open({ refuses: '403 Forbidden' });
    const token = join(shell.directory, 'token');
    writeFileSync(token, 'a.web.identity');
    const { code, stderr } = await run(['--url', PUBLIC_URL], {
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/builder',
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_REGION: 'eu-central-1',
      AWS_MAX_ATTEMPTS: '1',
      HTTPS_PROXY: proxy.url,
    });
    expect([code, proxy.asked]).toEqual([1, ['sts.eu-central-1.amazonaws.com:443']]);
    expect(stderr).toContain('No AWS credentials were found');
    await proxy.close();
  });

  it('takes a profile, as the AWS command line does', async () => {
    const file = join(shell.directory, 'credentials');
    writeFileSync(file, '[farm]\naws_access_key_id = AKIAFARMFARMFARMFARM\naws_secret_access_key = s\n');
    const profile = { AWS_PROFILE: 'farm', AWS_SHARED_CREDENTIALS_FILE: file };
    const { stdout } = await run(['--url', PUBLIC_URL], profile);
    expect(stdout).toContain('X-Amz-Credential=AKIAFARMFARMFARMFARM%2F');
    expect(stdout).not.toContain('Security-Token');
  });

  it.each([
    [
      'the one that is named',
      ['--region', 'cn-north-1'],
      { AWS_REGION: 'eu-west-1' },
      'sts.cn-north-1.amazonaws.com.cn',
    ],
    [
      'AWS_REGION',
      [],
      { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' },
      'sts.eu-west-1.amazonaws.com',
    ],
    ['AWS_DEFAULT_REGION', [], { AWS_DEFAULT_REGION: 'eu-west-2' }, 'sts.eu-west-2.amazonaws.com'],
    ['us-east-1', [], {}, 'sts.us-east-1.amazonaws.com'],
  ])('takes the region %s', async (_, args, environment, host) => {
    const { stdout } = await run(['--url', PUBLIC_URL, ...args], { ...KEY_VARIABLES, ...environment });
    expect(parseAwsAssertion(stdout.trimEnd(), Date.now()).host.name).toBe(host);
  });

  it('takes the URL with a slash, and signs it without', async () => {
    const { stdout } = await run(['--url', `${PUBLIC_URL}/`]);
    const { host, query } = parseAwsAssertion(stdout.trimEnd(), Date.now());
    const headers = { host: host.name, 'x-pullpass-server-id': PUBLIC_URL };
    expect(await isSignedBy(KEYS, { url: `/?${query}`, headers })).toBe(true);
  });

  it('says what to do when there are no credentials, and exits with 1', async () => {
    const { code, stdout, stderr } = await run(['--url', PUBLIC_URL], {});
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^No AWS credentials were found: .*\nSet AWS_PROFILE, or AWS_ACCESS_KEY_ID /);
  });

  it.each([
    ['no URL', [], /--url must be/],
    ['a URL with a path', ['--url', `${PUBLIC_URL}/x`], /--url must be/],
    ['something that is no URL', ['--url', 'pullpass'], /--url must be/],
    ['another protocol', ['--url', 'ftp://pullpass.example'], /--url must be/],
    ['a user in the URL', ['--url', 'https://a@pullpass.example'], /--url must be/],
    [
      'an unknown region',
      ['--url', PUBLIC_URL, '--region', 'moon-north-1'],
      /Unknown AWS region moon-north-1/,
    ],
    ['an unknown option', ['--url', PUBLIC_URL, '--account', 'x'], /Unknown option '--account'/],
    ['an argument', [PUBLIC_URL], /Unexpected argument/],
  ])('exits with 2 for %s, and says how it is used', async (_, args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('usage: npm run --silent aws-proof -- --url https://pullpass.example.com');
  });
});
