/** Copies of secrets in another region: one for each, none written over, and gone before AWS deletes a secret. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MadeSecrets, replicaOfKey, secretCopies, secretsManager } from '../../lib/aws/secrets.ts';
import { LoopbackAws, refused } from '../support/loopback-aws.ts';

const NAME = 'pullpass-test/ring/a';
const ELSEWHERE = 'eu-west-1';
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/mrk-1234567890abcdef1234567890abcdef';

let aws: LoopbackAws;
beforeEach(async () => {
  aws = await LoopbackAws.start();
});
afterEach(() => aws.close());

const secrets = (made?: MadeSecrets) => secretsManager(aws.caller('secretsManager'), randomBytes, made);
const make = (made?: MadeSecrets) =>
  secrets(made).transaction(async held => {
    await held.read(NAME);
    await held.write(NAME, 'text');
  });
const copies = (target = { region: ELSEWHERE }) => secretCopies(aws.caller('secretsManager'), target);
const inputsOf = (operation: string) =>
  aws.requests.filter(one => one.operation === operation).map(({ input }) => input);

describe('a secret', () => {
  it('that is made where copies are wanted has one from the start, under the key of that region', async () => {
    const kmsKey = replicaOfKey(KEY, ELSEWHERE);
    await make({ tags: {}, kmsKey: KEY, copy: { region: ELSEWHERE, kmsKey } });
    expect(kmsKey).toBe(KEY.replace('eu-central-1', ELSEWHERE));
    expect(inputsOf('CreateSecret')[0].AddReplicaRegions).toEqual([{ Region: ELSEWHERE, KmsKeyId: kmsKey }]);
    expect(aws.copiesOf(NAME)).toEqual([ELSEWHERE]);
  });

  it('that is made where none are wanted says nothing of them', async () => {
    await make({ tags: {} });
    expect(inputsOf('CreateSecret')[0]).not.toHaveProperty('AddReplicaRegions');
  });

  it('that was there before gets its copy once, which writes over nothing', async () => {
    await make();
    await copies().ensure(NAME);
    await copies().ensure(NAME);
    expect(inputsOf('ReplicateSecretToRegions')).toEqual([
      { SecretId: NAME, AddReplicaRegions: [{ Region: ELSEWHERE }] },
    ]);
  });

  it('with a copy in a third region gets one in this region too', async () => {
    await make({ tags: {}, copy: { region: 'us-east-1' } });
    await copies().ensure(NAME);
    expect(aws.copiesOf(NAME)).toEqual(['us-east-1', ELSEWHERE]);
  });

  it('that does not exist needs no copy: a service of the profile kid has no root', async () => {
    await copies().ensure(NAME);
    expect(inputsOf('ReplicateSecretToRegions')).toEqual([]);
  });

  it('whose copy AWS could not make is named with what AWS says, and AWS is not asked again', async () => {
    await make();
    const failed = { Region: ELSEWHERE, Status: 'Failed', StatusMessage: 'A secret of that name exists.' };
    aws.instead = ({ operation }) =>
      operation === 'DescribeSecret' ? { status: 200, body: { ReplicationStatus: [failed] } } : undefined;
    await expect(copies().ensure(NAME)).rejects.toThrow(
      `${NAME} in ${ELSEWHERE}: A secret of that name exists.`,
    );
    expect(inputsOf('ReplicateSecretToRegions')).toEqual([]);
  });

  it('of which nothing is known because AWS does not answer is no secret without a copy', async () => {
    await make();
    aws.instead = ({ operation }) =>
      operation === 'DescribeSecret' ? refused('InternalServiceError', 500) : undefined;
    await expect(copies().ensure(NAME)).rejects.toThrow(/AWS answered 500/);
  });

  it('is deleted with its copies, which AWS asks for first', async () => {
    const made = { tags: {}, copy: { region: ELSEWHERE } };
    await make(made);
    await secrets(made).remove(NAME);
    expect(aws.copiesOf(NAME)).toEqual([]);
    await expect(secrets().read(NAME)).rejects.toThrow(/marked for deletion/);
    // Again, as by a run whose answer was lost.
    await secrets(made).remove(NAME);
  });

  it('that still has copies where none are wanted any more is not taken for deleted', async () => {
    await make({ tags: {}, copy: { region: ELSEWHERE } });
    await expect(secrets({ tags: {} }).remove(NAME)).rejects.toThrow(/still has replica regions/);
    expect(await secrets().read(NAME)).toBe('text');
  });
});
