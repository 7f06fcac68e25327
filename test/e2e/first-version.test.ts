/** A data directory of the first version, started with this one. */
import { chmod, cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newDeployment } from './support/deployment.ts';
import { PROJECT } from './support/directories.ts';
import type { NewToken } from './support/pullpass.ts';

const FIXTURE = join(PROJECT, 'test', 'local', 'fixtures', 'v1');
const PUSH = { service: 'localhost:5000', scope: 'repository:team-a/app:pull,push' };

/** Git keeps no modes but that of programs. */
async function copyPrivately(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  const entries = await readdir(to, { recursive: true, withFileTypes: true });
  await chmod(to, 0o700);
  for (const entry of entries) {
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  }
}

async function tokenIn(name: string): Promise<NewToken> {
  return JSON.parse(await readFile(join(FIXTURE, name), 'utf8'));
}

it('a token that the first version issued logs in, one that it removed does not, and what it knew is listed', async () => {
  const pullpass = await newDeployment();
  const { PULLPASS_DATA: data } = pullpass.settings;
  await copyPrivately(join(FIXTURE, 'data'), data);
  await copyPrivately(join(FIXTURE, 'data-ledger'), `${data}-ledger`);
  await chmod(data, 0o711);
  const [issued, removed] = await Promise.all([tokenIn('token.json'), tokenIn('removed-token.json')]);
  // The second start finds the new store.
  for (const starts of [1, 2]) {
    await pullpass.start();
    expect([starts, (await pullpass.logIn('token', issued.token, PUSH)).status]).toEqual([starts, 200]);
    expect((await pullpass.logIn('token', removed.token, PUSH)).status).toBe(401);
    const { tokens } = await pullpass.manage('GET', '/v1/tokens');
    expect(tokens.map(({ id }: NewToken) => id)).toEqual([issued.id]);
    expect(await pullpass.manage('GET', '/v1/namespaces')).toMatchObject({
      namespaces: [{ name: 'team-a' }],
    });
    await pullpass.stop();
  }
  expect(await readdir(join(data, 'store-v1-backup'))).toContain('CURRENT');
});
