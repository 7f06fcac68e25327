/** The secrets of notifications: what matches, how soon a replaced one counts, and what the operator reads of one that is no good. */
import { describe, expect, it } from 'vitest';
import { PullpassError, unavailable } from '../../lib/domain/errors.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { notificationSecrets } from '../../lib/upstream/notifications.ts';

const NOW_MS = 1_790_000_000_000;
const HOUR_MS = 3_600_000;
const SECRET = 'a-secret-of-notifications';
const ARN = 'arn:aws:secretsmanager:eu-central-1:1:secret:s';

/** Secrets of which one is read; `matches` is asked at a moment after the first. */
function secretsOf(read: (arn: string) => Promise<string | undefined> = async () => SECRET) {
  const reads: string[] = [];
  const secrets = notificationSecrets({
    readSecret: arn => {
      reads.push(arn);
      return read(arn);
    },
  });
  const matches = (given: string, afterMs = 0, secret = ARN) =>
    secrets.matches({ secret }, new Secret(given), NOW_MS + afterMs);
  return { reads, matches };
}

describe('the secret of notifications', () => {
  it('matches itself alone', async () => {
    const { matches } = secretsOf();
    expect(await matches(SECRET)).toBe(true);
    for (const given of ['', SECRET.slice(1), `${SECRET} `, SECRET.toUpperCase()]) {
      expect(await matches(given)).toBe(false);
    }
  });

  it('is read once for many reports, and by a stranger every five seconds at most', async () => {
    const { reads, matches } = secretsOf();
    for (let i = 0; i < 3; i++) expect(await matches(SECRET, i)).toBe(true);
    for (let i = 0; i < 3; i++) expect(await matches('another', i)).toBe(false);
    expect(reads).toEqual([ARN]);
    expect(await matches('another', 5_000)).toBe(false);
    expect(reads).toHaveLength(2);
  });

  it('is one for each reference', async () => {
    const { matches } = secretsOf(async arn => `the secret at ${arn}`);
    expect(await matches(`the secret at ${ARN}`)).toBe(true);
    expect(await matches('the secret at arn:aws:x', 0, 'arn:aws:x')).toBe(true);
    expect(await matches(`the secret at ${ARN}`, 0, 'arn:aws:x')).toBe(false);
  });

  it('counts at once when it was replaced, and the old one no longer than five minutes', async () => {
    let secret = SECRET;
    const replaced = secretsOf(async () => secret);
    const unnoticed = secretsOf(async () => secret);
    for (const { matches } of [replaced, unnoticed]) expect(await matches(SECRET)).toBe(true);
    secret = 'another-secret-of-notifications';
    expect(await replaced.matches(secret, 5_000)).toBe(true);
    expect(await replaced.matches(SECRET, 5_001)).toBe(false);
    expect(await unnoticed.matches(SECRET, 5 * 60_000 - 1)).toBe(true);
    expect(await unnoticed.matches(SECRET, 5 * 60_000)).toBe(false);
  });

  it('is used for twelve hours while it cannot be read, which is tried every five seconds', async () => {
    let isAway = false;
    const { reads, matches } = secretsOf(async () => {
      if (isAway) throw new Error('no answer');
      return SECRET;
    });
    expect(await matches(SECRET)).toBe(true);
    isAway = true;
    for (const after of [HOUR_MS, HOUR_MS + 4_999]) expect(await matches(SECRET, after)).toBe(true);
    expect(reads).toHaveLength(2);
    expect(await matches(SECRET, HOUR_MS + 5_000)).toBe(true);
    expect(reads).toHaveLength(3);
    expect(await matches(SECRET, 12 * HOUR_MS - 1)).toBe(true);
    await expect(matches(SECRET, 12 * HOUR_MS)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each<[what: string, read: () => Promise<string | undefined>, reason: string]>([
    ['is not there', async () => undefined, `there is no password at ${ARN}`],
    ['is empty', async () => '', `there is no password at ${ARN}`],
    ['has 15 characters', async () => 'x'.repeat(15), `${ARN} has less than 16 characters`],
    ['cannot be read', () => Promise.reject(new Error('x')), 'Secrets Manager gives no password: Error'],
    ['is not answered for', () => Promise.reject(unavailable('no answer')), ': no answer'],
    ['is refused without a word', () => Promise.reject(new PullpassError('internal')), 'it cannot be read'],
  ])('makes reports wait, with the reason in the log, if it %s', async (_, read, reason) => {
    await expect(secretsOf(read).matches(SECRET)).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: expect.stringMatching(`^secret of notifications: .*`) },
    });
    await expect(secretsOf(read).matches(SECRET)).rejects.toMatchObject({
      details: { reason: expect.stringContaining(reason) },
    });
  });

  it('may have 16 characters', async () => {
    expect(await secretsOf(async () => 'x'.repeat(16)).matches('x'.repeat(16))).toBe(true);
  });
});
