/** An AWS login keeps nothing but a region: every request carries a proof of its own, for this deployment alone. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chosenTarget } from '../../cli/home.ts';
import { Network } from '../../cli/network.ts';
import { vendWidest } from '../../cli/registry/service.ts';
import { Vendor } from '../../cli/registry/vendor.ts';
import { Session } from '../../cli/session.ts';
import { parseAwsAssertion } from '../../lib/iam/aws-assertion.ts';
import { isSignedBy } from '../support/presigned.ts';
import { shell, stub, useStub } from './support/setup.ts';
import { CREDENTIAL_TIMES } from './support/stub.ts';

const KEYS = { accessKeyId: 'ASIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret', sessionToken: 'a/token+==' };

useStub();
afterEach(async () => {
  vi.unstubAllEnvs();
});

/** Runs the command in this process; the AWS SDK reads the environment itself. */
function pullpass(args: readonly string[], keys = true) {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', shell.directory);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  if (keys) {
    vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', KEYS.sessionToken);
  }
  return shell.pullpass(args);
}

function proofs(): string[] {
  const headers = stub.requests.flatMap(({ headers: { authorization } }) => authorization ?? []);
  const pairs = headers.map(header => Buffer.from(header.replace(/^Basic /, ''), 'base64').toString());
  return pairs.map(pair => {
    expect(pair).toMatch(/^awsiam:https:/);
    return pair.slice('awsiam:'.length);
  });
}

describe('an AWS login', () => {
  it('signs a fresh proof for each request, in its region, for its deployment', async () => {
    expect(await pullpass(['login', '--url', stub.url, '--aws', '--region', 'eu-central-1'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    for (let i = 0; i < 3; i += 1) expect((await pullpass(['whoami'])).code).toBe(0);
    const read = proofs().map(proof => parseAwsAssertion(proof, Date.now()));
    expect(read).toHaveLength(4);
    // Two within one second are the same once in six hundred times.
    expect(new Set(read.map(({ nonce }) => nonce)).size).toBeGreaterThanOrEqual(3);
    const headers = { host: 'sts.eu-central-1.amazonaws.com', 'x-pullpass-server-id': stub.url };
    for (const { query } of read) expect(await isSignedBy(KEYS, { url: `/?${query}`, headers })).toBe(true);
  });
  it('signs another proof for the second request, where it may pull and not push', async () => {
    await pullpass(['login', '--url', stub.url, '--aws']);
    const before = proofs().length;
    stub.replies['POST /v1/credentials'] = ({ body }) => {
      const { access } = JSON.parse(body);
      if (access === 'push') return { status: 403, json: { code: 'wider-than-parent' } };
      const credential = {
        username: 'token',
        password: 'plc_k1.a',
        registry: 'r',
        access,
        repositories: null,
      };
      return { status: 201, json: { ...credential, ...CREDENTIAL_TIMES } };
    };
    const target = chosenTarget(await shell.home.read(), undefined);
    let now = Date.now();
    const clock = () => (now += 1000);
    const ports = { home: shell.home, clock, requestMs: 10_000, network: new Network({}) };
    const vendor = await Vendor.open(new Session({ ...ports, target }), { seconds: 3600 });
    expect(await vendWidest(vendor, {})).toMatchObject({ access: 'pull' });
    const [first, second, ...others] = proofs().slice(before);
    expect({ isSame: first === second, others }).toEqual({ isSame: false, others: [] });
  });
  it('remembers the region, and neither keys nor proofs', async () => {
    await pullpass(['login', '--url', stub.url, '--aws']);
    const text = await readFile(join(shell.home.directory, 'state.json'), 'utf8');
    expect(JSON.parse(text).targets[0].login).toEqual({ kind: 'aws', region: 'us-east-1' });
    for (const secret of Object.values(KEYS)) expect(text).not.toContain(secret);
  });
  it('without AWS credentials says where they are looked for, and sends nothing', async () => {
    const { code, stderr } = await pullpass(['login', '--url', stub.url, '--aws'], false);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: No AWS credentials were found: .+\nSet AWS_PROFILE, or AWS_ACCESS_KEY_ID/,
    );
    expect(proofs()).toEqual([]);
  });
});
