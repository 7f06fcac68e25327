/** `pullpass token-ensure` against a whole deployment, as a script runs it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { alice, served, useAlice, useServed } from './support/served.ts';

useServed();
useAlice();
beforeAll(async () => {
  await alice.says('namespace-add', 'team-a');
});

const ensure = (...args: string[]) => alice.pullpass(['token-ensure', ...args]);

describe('pullpass token-ensure', () => {
  it('prints the value once, and what there is after', async () => {
    const args = ['farm', '--readwrite', '--repository', 'team-a/*', '--expires-in', '30d'];
    const first = await ensure(...args);
    const [, value = ''] = /^Token +(plp_\w{87})$/m.exec(first.stdout) ?? [];
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect((await served.deployment.logIn(value)).status).toBe(200);
    const second = await ensure(...args);
    expect([second.code, second.stderr]).toEqual([0, '']);
    expect(second.stdout).toMatch(/^Access +pull and push$/m);
    expect(second.stdout).not.toContain('plp_');
  });

  it('prints the value alone with --quiet, and nothing when there is a token', async () => {
    const first = await ensure('quiet', '-q');
    expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/^plp_\w{87}\n$/)]);
    expect(await ensure('quiet', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('exits with 3 where the token differs, and changes it with --apply', async () => {
    await ensure('drift', '--description', 'a', '--pulls-per-day', '5');
    const wanted = ['drift', '--description', 'b', '--readwrite', '--unlimited-pulls'];
    const differing = await ensure(...wanted);
    expect(differing.code).toBe(3);
    expect(differing.stderr).toBe(
      [
        'warning: The token drift differs from what is wanted in --description, --readwrite, --pulls-per-day; nothing was changed.',
        'Change it with --apply.',
        '',
      ].join('\n'),
    );
    expect(differing.stdout).toMatch(/^Description +a$/m);
    const applied = await ensure(...wanted, '--apply');
    expect(applied.code).toBe(0);
    expect(applied.stdout).toMatch(/^Description +b$/m);
    expect(applied.stdout).toMatch(/^Changed +--description, --readwrite, --pulls-per-day$/m);
    expect((await ensure(...wanted)).code).toBe(0);
    expect((await ensure('drift', '--readonly', '--all-repositories')).code).toBe(3);
    expect((await ensure('drift', '--all-repositories')).code).toBe(0);
  });

  it('answers programs with the whole token', async () => {
    const json = async () => JSON.parse((await ensure('json', '--output', 'json')).stdout);
    expect(await json()).toMatchObject({ name: 'json', differences: [], token: expect.any(String) });
    expect(await json()).not.toHaveProperty('token');
    const { code, stderr } = await ensure('json', '--readwrite', '--output', 'json');
    expect([code, JSON.parse(stderr).warning.message]).toEqual([3, expect.stringContaining('--readwrite')]);
  });

  it('loses no value with an answer that is lost', async () => {
    served.losesAnswerAt = '/v1/tokens/by-name/lost';
    const { code, stdout } = await ensure('lost', '--quiet');
    expect(code).toBe(0);
    expect((await served.deployment.logIn(stdout.trim())).status).toBe(200);
  });

  it.each(['-a', 'a b', 'a/b', 'ä', 'a'.repeat(64), '..'])('takes no name %s', async name => {
    const { code, stderr } = await ensure('--', name);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: A name must have 1 to 63/)]);
  });

  it('says what the deployment refuses by its options', async () => {
    const { code, stderr } = await ensure('bad', '--expires-in', '1s');
    expect([code, stderr]).toEqual([1, expect.stringContaining('--expires-in must be at least 1m')]);
  });
});
