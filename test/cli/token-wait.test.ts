/** `token-rotate --wait`: until nothing uses the old value, by the clock of the deployment. */
import { beforeEach, describe, expect, it } from 'vitest';
import { logIn, shell, stub, useStub } from './support/setup.ts';

const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const START = Date.parse('2026-11-21T07:00:00Z');
const HOUR = 3600;
const at = (seconds: number) => new Date(START + 1000 * seconds).toISOString().replace('.000Z', 'Z');
const TOKEN = {
  ...{ id: ID, description: '', access: 'pull', repositories: null, expiresAt: null, lastUsedAt: null },
  ...{ disabled: false, retrievable: true, limits: null, createdAt: at(0), createdBy: 'dev:alice' },
  ...{ generation: 2, valueIssuedAt: at(0) },
};
const VALUE = `plp_${'a'.repeat(87)}`;
const use = (seconds: number, address = '192.0.2.7') => ({
  ...{ at: at(seconds), address, client: 'docker/28.2.2', service: 'registry.example' },
});

/** The old value as the deployment shows it at a time after the rotation. */
interface Look {
  readonly now: number;
  readonly lastUsed?: ReturnType<typeof use>;
  readonly isOver?: true;
  readonly generation?: number;
}

useStub();
beforeEach(() => logIn());

/** Rotates and waits, while the deployment shows these in turn; the last one again and again. */
async function rotated(looks: readonly Look[], ...args: string[]) {
  const headers = (now: number) => ({ date: new Date(START + 1000 * now).toUTCString() });
  let shown = 0;
  stub.replies[`POST /v1/tokens/${ID}/rotate`] = () => ({
    json: { ...TOKEN, token: VALUE },
    headers: headers(0),
  });
  stub.replies[`GET /v1/tokens/${ID}`] = () => {
    const {
      now,
      lastUsed = null,
      isOver,
      generation = 2,
    } = looks[Math.min(shown++, looks.length - 1)] ?? { now: 0 };
    const previousValue = isOver ? null : { endsAt: at(24 * HOUR), lastUsed };
    return { json: { ...TOKEN, generation, previousValue }, headers: headers(now) };
  };
  const outcome = await shell.pullpass(['token-rotate', ID, '--grace', '24h', '-q', ...args]);
  return { ...outcome, shown };
}

const STILL = (seconds: number, address = '192.0.2.7') =>
  `warning: The old value is still used: ${at(seconds)} from ${address} by docker/28.2.2 for registry.example.\n`;

describe('token-rotate --wait', () => {
  it('ends when the old value was not used for so long since the rotation', async () => {
    const looks = [{ now: 1 }, { now: HOUR - 1, lastUsed: use(-60) }, { now: HOUR, lastUsed: use(-60) }];
    expect(await rotated(looks, '--wait')).toEqual({
      ...{ code: 0, stdout: `${VALUE}\n`, shown: 3 },
      stderr: 'The old value is silent: it was not used since the rotation.\n',
    });
  });

  it('says who uses it, each use once, and counts a use for 65 minutes', async () => {
    const second = use(2 * HOUR, '192.0.2.8');
    const end = 2 * HOUR + 3900 + 1800;
    const looks = [
      { now: 60, lastUsed: use(30) },
      { now: 90, lastUsed: use(30) },
      { now: 2 * HOUR + 1, lastUsed: second },
      { now: end - 1, lastUsed: second },
      { now: end, lastUsed: second },
    ];
    expect(await rotated(looks, '--wait', '30m')).toEqual({
      ...{ code: 0, stdout: `${VALUE}\n`, shown: 5 },
      stderr: `${STILL(30)}${STILL(2 * HOUR, '192.0.2.8')}The old value is silent. Its last use: ${at(2 * HOUR)} from 192.0.2.8 by docker/28.2.2 for registry.example.\n`,
    });
  });

  it('fails when the old value ends while it is used, and says by whom', async () => {
    const { code, stderr } = await rotated(
      [
        { now: 60, lastUsed: use(30) },
        { now: 120, isOver: true },
      ],
      '--wait',
      '1h',
    );
    expect([code, stderr]).toEqual([
      1,
      `${STILL(30)}error: The old value has ended, and may be missed where it was used: ${at(30)} from 192.0.2.7 by docker/28.2.2 for registry.example.\n`,
    ]);
  });

  it('fails when the token is rotated again', async () => {
    const { code, stderr } = await rotated([{ now: 60, generation: 3 }], '--wait', '1h');
    expect([code, stderr]).toEqual([
      1,
      'error: The token was rotated again; nothing is known of its old value any more.\n',
    ]);
  });

  it('is for programs, too', async () => {
    const { stdout, stderr } = await rotated(
      [
        { now: 60, lastUsed: use(30) },
        { now: 24 * HOUR, lastUsed: use(30) },
      ],
      ...['--wait', '1h', '--output', 'json'],
    );
    expect(JSON.parse(stdout)).toMatchObject({ id: ID, token: VALUE });
    expect(JSON.parse(stderr).warning.message).toContain('still used');
  });

  it.each([
    ['without a grace', ['token-rotate', ID, '--wait']],
    ['for longer than the grace', ['token-rotate', ID, '--grace', '1h', '--wait', '2h']],
    ['for no duration', ['token-rotate', ID, '--grace', '1h', '--wait', '60']],
  ])('is a mistake %s, and nothing is sent', async (_, args) => {
    const before = stub.requests.length;
    expect((await shell.pullpass(args)).code).toBe(2);
    expect(stub.requests).toHaveLength(before);
  });
});
