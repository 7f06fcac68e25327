/** Copies of secrets in another region, which Secrets Manager keeps equal to them: made together with a secret, or later. */
import type { AwsCall } from './client.ts';
import { isNamed } from './error.ts';

/** Where copies are. */
export interface CopyTarget {
  readonly region: string;
  /** The KMS key of that region that encrypts them; absent: that of the account. */
  readonly kmsKey?: string | undefined;
}

export interface SecretCopies {
  /** Makes the copy of a secret that has none. A secret that does not exist needs none. Throws when Secrets Manager could not make it. */
  ensure(name: string): Promise<void>;
  /** Removes all copies of a secret: AWS deletes none that has copies. */
  remove(name: string): Promise<void>;
}

/** As `CreateSecret` and `ReplicateSecretToRegions` take it. */
export function replicaRegions({ region, kmsKey }: CopyTarget): object[] {
  return [{ Region: region, ...(kmsKey === undefined ? {} : { KmsKeyId: kmsKey }) }];
}

/** The KMS key of another region that encrypts copies: a replica of this one, which must be a multi-Region key. */
export function replicaOfKey(arn: string, region: string): string {
  const [a, b, c, , ...rest] = arn.split(':');
  return [a, b, c, region, ...rest].join(':');
}

interface Replica {
  readonly Region?: string;
  readonly Status?: string;
  readonly StatusMessage?: string;
}

export function secretCopies(call: AwsCall, target: CopyTarget): SecretCopies {
  const { region } = target;
  /** Undefined: there is no such secret. */
  async function replicasOf(name: string): Promise<readonly Replica[] | undefined> {
    try {
      const answer = Object(await call('DescribeSecret', { SecretId: name }));
      return (answer.ReplicationStatus ?? []) as readonly Replica[];
    } catch (error) {
      if (isNamed(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  }

  return {
    async ensure(name) {
      const replicas = await replicasOf(name);
      if (replicas === undefined) return;
      const found = replicas.find(({ Region }) => Region === region);
      // A secret of that name is there already, or its key is missing. Nothing there is written over.
      if (found?.Status === 'Failed') throw new Error(`${name} in ${region}: ${found.StatusMessage}`);
      if (found !== undefined) return;
      const input = { SecretId: name, AddReplicaRegions: replicaRegions(target) };
      await call('ReplicateSecretToRegions', input);
    },
    async remove(name) {
      const regions = (await replicasOf(name))?.flatMap(({ Region }) => Region ?? []) ?? [];
      if (regions.length === 0) return;
      await call('RemoveRegionsFromReplication', { SecretId: name, RemoveReplicaRegions: regions });
    },
  };
}
