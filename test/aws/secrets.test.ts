/** Secrets with several writers: none overwrites what it has not read, also when requests or answers are lost. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Secrets, secretsManager } from '../../lib/aws/secrets.ts';
import { LoopbackAws, refused } from '../support/loopback-aws.ts';

const NAME = 'pullpass-test/ring/a';
let aws: LoopbackAws;
let secrets: Secrets;
beforeEach(async () => {
  aws = await LoopbackAws.start();
  secrets = secretsManager(aws.caller('secretsManager'), randomBytes);
});
afterEach(() => aws.close());

const set = (text: string, on = secrets) =>
  on.transaction(async held => {
    await held.read(NAME);
    await held.write(NAME, text);
  });
const operations = () => aws.requests.map(({ operation }) => operation);

describe('a secret', () => {
  it('is created once; later its label moves from the version that was read', async () => {
    await set('1');
    await set('2');
    expect(aws.textOf(NAME)).toBe('2');
    expect(operations()).toEqual([
      ...['GetSecretValue', 'CreateSecret'],
      ...['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'],
    ]);
    const [created, put, moved] = aws.requests.filter(({ operation }) => operation !== 'GetSecretValue');
    expect(created?.input.ClientRequestToken).toMatch(/^[0-9a-f]{32}$/);
    expect(put?.input.VersionStages).toEqual(['PULLPASS_NEXT']);
    expect(moved?.input).toEqual({
      SecretId: NAME,
      VersionStage: 'AWSCURRENT',
      RemoveFromVersionId: created?.input.ClientRequestToken,
      MoveToVersionId: put?.input.ClientRequestToken,
    });
  });

  it.each(['CreateSecret', 'PutSecretValue', 'UpdateSecretVersionStage'])(
    'is written once when the answer to %s is lost',
    async operation => {
      if (operation !== 'CreateSecret') await set('1');
      let lost = 0;
      aws.loses = request => request.operation === operation && lost++ === 0;
      await set('2');
      expect(aws.textOf(NAME)).toBe('2');
    },
  );

  it.each(['CreateSecret', 'PutSecretValue', 'UpdateSecretVersionStage'])(
    'is what the faster writer made of it, and then what the slower one makes of that: before %s',
    async operation => {
      if (operation !== 'CreateSecret') await set('1');
      let interfered = false;
      const other = secretsManager(aws.caller('secretsManager'), randomBytes);
      let overtake: Promise<void> | undefined;
      const slow = secretsManager(async (name, input) => {
        if (name === operation && !interfered) {
          interfered = true;
          overtake = set('other', other);
          await overtake;
        }
        return aws.caller('secretsManager')(name, input);
      }, randomBytes);
      const seen: (string | undefined)[] = [];
      await slow.transaction(async held => {
        seen.push(await held.read(NAME));
        await held.write(NAME, `${seen.at(-1)} and mine`);
      });
      expect(seen).toEqual([operation === 'CreateSecret' ? undefined : '1', 'other']);
      expect(aws.textOf(NAME)).toBe('other and mine');
    },
  );

  it('is not overwritten by a writer that has not read it', async () => {
    await set('1');
    await expect(secrets.transaction(held => held.write(NAME, '2'))).rejects.toThrow(/written by another/);
    expect(aws.textOf(NAME)).toBe('1');
  });

  it('fails when other writers are always faster', async () => {
    const other = secretsManager(aws.caller('secretsManager'), randomBytes);
    let runs = 0;
    const work = secrets.transaction(async held => {
      await held.read(NAME);
      await set(`other ${++runs}`, other);
      await held.write(NAME, 'mine');
    });
    await expect(work).rejects.toMatchObject({ name: 'Overtaken' });
    expect(runs).toBe(8);
  });

  it.each([
    ['AccessDeniedException', 400],
    ['InternalServiceError', 500],
    ['ThrottlingException', 400],
  ])('that cannot be read is not one that is missing: %s', async (name, status) => {
    aws.instead = () => refused(name, status);
    await expect(secrets.read(NAME)).rejects.toMatchObject({ name });
    await expect(set('1')).rejects.toMatchObject({ name });
  });

  it('does not change when it cannot be written, and the error says why', async () => {
    await set('1');
    aws.instead = ({ operation }) =>
      operation === 'PutSecretValue' ? refused('LimitExceededException') : undefined;
    await expect(set('2')).rejects.toMatchObject({ name: 'LimitExceededException' });
    expect(aws.textOf(NAME)).toBe('1');
  });

  it('fails without a text, and no error quotes an answer', async () => {
    aws.instead = () => ({ status: 200, body: { SecretBinary: 'SENTINEL' } });
    await expect(secrets.read(NAME)).rejects.toThrow(/^pullpass-test\/ring\/a: holds no text$/);
  });
});
