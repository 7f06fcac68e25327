/** Many tokens at the command line: filters, the wide table, beginnings of identifiers, removal by label, and the whole token. */
import { beforeAll, describe, expect, it } from 'vitest';
import { SERVICE } from '../support/records.ts';

import { alice, served, useAlice, useServed } from './support/served.ts';

useServed();
useAlice();

const FIRST: { id: string; token: string }[] = [];

async function added(...args: string[]): Promise<{ id: string; token: string }> {
  served.deployment.wait(1);
  return alice.json('token-add', ...args);
}

beforeAll(async () => {
  FIRST.push(
    await added(
      '--label',
      'team=builds',
      '--label',
      'env=test',
      '--owner',
      'ops@acme.example',
      '--readwrite',
    ),
  );
  FIRST.push(await added('--label', 'team=web', '--description', 'ünïcode', '--non-expiring'));
});

const ids = async (...args: string[]) =>
  (await alice.says('token-list', '-q', ...args)).split('\n').filter(Boolean);
const [builds, web] = [() => FIRST[0]?.id ?? '', () => FIRST[1]?.id ?? ''];

describe('token-list', () => {
  it.each<[args: string[], wanted: () => string[]]>([
    [['--label', 'team=builds'], () => [builds()]],
    [['--label', 'team=builds', '--label', 'env=test'], () => [builds()]],
    [['--label', 'team=builds', '--label', 'env=live'], () => []],
    [['--owner', 'ops@acme.example'], () => [builds()]],
    [['--access', 'push'], () => [builds()]],
    [['--state', 'active'], () => [web(), builds()]],
    [['--state', 'disabled'], () => []],
    [['--expires-within', '2d'], () => [builds()]],
    [['--unused-for', '1h'], () => []],
  ])('lists with %s what it should', async (args, wanted) => {
    expect(await ids(...args)).toEqual(wanted());
  });

  it('prints its default columns as before, with all that tokens may have', async () => {
    const lines = (await alice.says('token-list')).split('\n');
    expect(lines[0]).toBe(`${'TOKEN ID'.padEnd(36)}   READONLY   ${'EXPIRY'.padEnd(10)}   DESCRIPTION`);
    expect(lines[1]).toBe(`${web()}   true       0            ünïcode`);
  });

  it('prints dates that people read beside Unix seconds, and all of each row where there is no terminal', async () => {
    const [heading = '', second = '', first = ''] = (await alice.says('token-list', '--wide')).split('\n');
    expect(heading.split(/ {2,}/)).toEqual([
      ...['TOKEN ID', 'STATE', 'ACCESS', 'EXPIRY', 'EXPIRES', 'LAST USED', 'OWNER', 'LABELS', 'DESCRIPTION'],
    ]);
    expect(second.split(/ {2,}/)).toEqual([
      web(),
      'active',
      'pull',
      '0',
      'never',
      'never',
      'team=web',
      'ünïcode',
    ]);
    const expiresAt = (await alice.json('token-show', builds())).expiresAt;
    expect(first.split(/ {2,}/)).toEqual([
      ...[builds(), 'active', 'push', String(Date.parse(expiresAt) / 1000), expiresAt, 'never'],
      ...['ops@acme.example', 'env=test team=builds'],
    ]);
  });

  it.each([
    ['a terminal', { isTTY: true }, '\u001b[32mactive\u001b[39m'],
    ['a terminal without colours', { isTTY: true, variables: { NO_COLOR: '1' } }, 'active'],
    ['no terminal', {}, 'active'],
  ])('shows the state in colour at %s', async (_, typed, shown) => {
    const { stdout } = await alice.pullpass(['token-list', '--wide'], typed);
    expect(stdout).toContain(`${web()}   ${shown}`);
    expect(stdout.includes('\u001b')).toBe(shown.includes('\u001b'));
  });

  it.each([
    ['--wide', '--quiet'],
    ['--wide', '--format', '{{.ID}}'],
    ['--label', 'team'],
    ['--label', 'Team=x'],
    ['--label', 'team=a', '--label', 'team=b'],
    ['--state', 'expired'],
    ['--unused-for', '90'],
  ])('is a mistake with %s %s %s %s', async (...args) => {
    expect((await alice.pullpass(['token-list', ...args.filter(arg => arg !== undefined)])).code).toBe(2);
  });
});

describe('the beginning of an identifier', () => {
  it('is taken wherever an identifier is, in either case', async () => {
    const start = builds().slice(0, 30);
    for (const beginning of [start, start.toUpperCase(), builds()]) {
      expect((await alice.json('token-show', beginning)).id).toBe(builds());
    }
    expect((await alice.json('token-get', start)).id).toBe(builds());
    expect((await alice.json('token-update', start, '--description', 'x')).id).toBe(builds());
    expect(await alice.says('usage', '--token', start)).toContain('DAY');
    expect(await alice.says('audit', '--token', start)).toContain('change-token');
  });
  it('that several have is refused, with their names', async () => {
    const { code, stderr } = await alice.pullpass(['token-show', web().slice(0, 8)]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `The identifiers of several tokens begin with ${web().slice(0, 8)}; write more of it.`,
    );
    for (const id of [builds(), web()]) expect(stderr).toContain(id);
  });
  it('that none has is refused, and one that is too short', async () => {
    expect(await alice.pullpass(['token-show', 'ffff'])).toMatchObject({
      ...{ code: 1, stderr: 'error: There is no token whose identifier begins with ffff.\n' },
    });
    expect((await alice.pullpass(['token-show', 'fff'])).code).toBe(2);
  });
  it('that several have removes none of them, nor what was named beside it', async () => {
    const other = await added();
    expect((await alice.pullpass(['token-rm', '-f', other.id, web().slice(0, 8)])).code).toBe(1);
    expect(await ids()).toEqual([other.id, web(), builds()]);
    await alice.says('token-rm', '-f', other.id);
  });
});

describe('token-show', () => {
  it('shows a token whole, with the last use of both values', async () => {
    const { id, token } = await added(
      '--label',
      'team=show',
      '--owner',
      'me',
      '--self-rotate',
      '--network',
      '127.0.0.0/8',
    );
    const logIn = (secret: string, client: string) =>
      served.deployment.send(`GET /oauth/token?service=${SERVICE.name}`, {
        basic: ['token', secret],
        headers: { 'user-agent': client },
        sourceIp: '127.0.0.9',
      });
    served.deployment.wait(1);
    const fresh = (await alice.json('token-rotate', id, '--grace', '1h')).token;
    expect((await logIn(token, 'docker/28')).status).toBe(200);
    expect((await logIn(fresh, 'crane')).status).toBe(200);
    await alice.says('token-update', id, '--disable');
    const shown = await alice.says('token-show', id);
    const at = new Date(Date.now()).toISOString().replace('.000Z', 'Z');
    for (const line of [
      /^Owner +me$/m,
      /^Labels +team=show$/m,
      /^Networks +127\.0\.0\.0\/8$/m,
      new RegExp(`^Value issued +${at}, generation 2$`, 'm'),
      new RegExp(`^Value used +${at} from 127\\.0\\.0\\.9 by crane for ${SERVICE.name}$`, 'm'),
      new RegExp(`^Old value used +${at} from 127\\.0\\.0\\.9 by docker/28 for ${SERVICE.name}$`, 'm'),
      /^Old value +works until \S+Z$/m,
      new RegExp(`^Disabled at +${at} by dev:alice$`, 'm'),
      /^Rotation +also by its holder, once an hour$/m,
    ])
      expect(shown).toMatch(line);
    await alice.says('token-rm', '-f', id);
  });

  it('shows what token-update took away no more', async () => {
    const { id } = await added('--label', 'a=b', '--owner', 'me', '--self-rotate');
    const changed = await alice.json(
      'token-update',
      id,
      '--remove-labels',
      '--remove-owner',
      '--admin-rotate',
    );
    expect(changed).toMatchObject({ labels: {}, owner: null, selfRotate: false });
    expect(await alice.says('token-show', id)).not.toMatch(/^(?:Owner|Labels|Rotation) /m);
    await alice.says('token-rm', '-f', id);
  });
});

describe('token-rm --label', () => {
  it('shows with --dry-run what it would remove, and removes nothing', async () => {
    const [one, two] = [await added('--label', 'team=old'), await added('--label', 'team=old')];
    const { code, stdout, stderr } = await alice.pullpass(['token-rm', '--label', 'team=old', '--dry-run']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Nothing was removed.\n' });
    expect(stdout.split('\n').map(line => line.slice(0, 36))).toEqual([two.id, one.id, '']);
    expect(await alice.json('token-rm', '--label', 'team=old', '--dry-run', '--force')).toEqual([
      { name: two.id, removed: false },
      { name: one.id, removed: false },
    ]);
    expect(await ids('--label', 'team=old')).toEqual([two.id, one.id]);
    expect((await alice.pullpass(['token-rm', '--label', 'team=old'])).stderr).toContain(
      'No terminal to ask on',
    );
    expect(await alice.says('token-rm', '--label', 'team=old', '-f')).toBe(
      `Removed ${two.id}\nRemoved ${one.id}\n`,
    );
    expect(await ids()).toEqual([web(), builds()]);
  });
  it('removes nothing where no token has the label', async () => {
    expect(await alice.pullpass(['token-rm', '--label', 'team=none', '-f'])).toEqual({
      ...{ code: 0, stdout: '', stderr: 'No token has these labels; nothing was removed.\n' },
    });
    expect(await alice.json('token-rm', '--label', 'team=none', '-f')).toEqual([]);
  });
  it.each([[[]], [['-f']], [['--dry-run']], [['--label', 'team=web', 'abcd']]])(
    'is a mistake with %j',
    async args => {
      expect((await alice.pullpass(['token-rm', ...args])).code).toBe(2);
    },
  );
});
