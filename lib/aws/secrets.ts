/** Secrets of Secrets Manager, changed by compare-and-swap. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomBytes } from '../ports/system.ts';
import type { AwsCall } from './client.ts';
import { isNamed } from './protocols.ts';

/** The secrets, while some of them are changed together. */
export interface SecretsTransaction {
  /** The text; undefined when there is no such secret. Always the text of the first read. */
  read(name: string): Promise<string | undefined>;
  /** Replaces the text that was read. A secret that was not read, or not found, must not exist yet. */
  write(name: string, text: string): Promise<void>;
}

export interface Secrets {
  /** By name, or by ARN; the current version unless another is asked for by its label. */
  read(name: string, label?: string): Promise<string | undefined>;
  /** Makes a secret unreadable; a transaction that reads it within 30 days brings it back. */
  remove(name: string): Promise<void>;
  /** Runs `work`, and again when another writer was faster with one of the secrets that it writes. */
  transaction<T>(work: (secrets: SecretsTransaction) => Promise<T>): Promise<T>;
}

interface Version {
  readonly text: string;
  readonly id: string;
}

/** Another writer has replaced the text since it was read. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

const CURRENT = 'AWSCURRENT';

/** The label of a version that is written and not current yet. */
const NEXT = 'PULLPASS_NEXT';

/** 32 hexadecimal digits: the name of a version has 32 to 64 characters. */
const VERSION_BYTES = 16;

const ATTEMPTS = 8;

/** The longest pause before another attempt, in milliseconds: two writers that began together come apart. */
const PAUSE_MS = 100;

/** The most that Secrets Manager keeps a deleted secret for. */
const RECOVERY_DAYS = 30;

/** What secrets get that are made here. */
export interface MadeSecrets {
  readonly tags: Readonly<Record<string, string>>;
  /** The KMS key that encrypts them; absent: that of the account. */
  readonly kmsKey?: string | undefined;
  /** Where each has a copy; absent: nowhere. */
  readonly copy?: CopyTarget | undefined;
}

/**
 * The secrets that `call` (of Secrets Manager) reaches, by name. An ARN without its suffix would be ambiguous: a name that
 * ends in a hyphen and six characters looks like one with a suffix.
 */
export function secretsManager(call: AwsCall, randomBytes: RandomBytes, made?: MadeSecrets): Secrets {
  async function current(name: string, label = CURRENT): Promise<Version | undefined> {
    try {
      return versionIn(await call('GetSecretValue', { SecretId: name, VersionStage: label }), name);
    } catch (error) {
      if (isNamed(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  }

  /** The same for who may change it: a secret that was deleted comes back, and with it what registries trust. */
  async function revived(name: string): Promise<Version | undefined> {
    try {
      return await current(name);
    } catch (error) {
      if (!isDeleted(error)) throw error;
      await call('RestoreSecret', { SecretId: name });
      return current(name);
    }
  }

  /**
   * A compare-and-swap: a secret is created once, and its label AWSCURRENT moves only from the version that it is given
   * ("UpdateSecretVersionStage", `RemoveFromVersionId`).
   */
  async function store(name: string, { text, id }: Version, before: Version | undefined): Promise<void> {
    const version = { ClientRequestToken: id, SecretString: text };
    if (before === undefined) {
      await call('CreateSecret', { Name: name, ...version, ...attributesOf(made) });
      return;
    }
    await call('PutSecretValue', { SecretId: name, ...version, VersionStages: [NEXT] });
    const move = { VersionStage: CURRENT, RemoveFromVersionId: before.id, MoveToVersionId: id };
    await call('UpdateSecretVersionStage', { SecretId: name, ...move });
  }

  async function replace(name: string, text: string, before: Version | undefined): Promise<Version> {
    const after = { text, id: Buffer.from(randomBytes(VERSION_BYTES)).toString('hex') };
    try {
      await store(name, after, before);
    } catch (error) {
      // The answer was lost, or another writer was faster, or nothing was done: the current version tells which.
      const found = await current(name);
      if (found?.id === before?.id) throw error;
      if (found?.id !== after.id) throw new Overtaken(`${name}: written by another at the same time`);
    }
    return after;
  }

  function begin(): SecretsTransaction {
    const seen = new Map<string, Version | undefined>();
    return {
      async read(name) {
        if (!seen.has(name)) seen.set(name, await revived(name));
        return seen.get(name)?.text;
      },
      async write(name, text) {
        seen.set(name, await replace(name, text, seen.get(name)));
      },
    };
  }

  return {
    read: async (name, label) => (await current(name, label))?.text,
    async remove(name) {
      if (made?.copy !== undefined) await secretCopies(call, made.copy).remove(name);
      try {
        await call('DeleteSecret', { SecretId: name, RecoveryWindowInDays: RECOVERY_DAYS });
      } catch (error) {
        if (!isNamed(error, 'ResourceNotFoundException') && !isDeleted(error)) throw error;
      }
    },
    async transaction(work) {
      for (let attempts = 1; ; attempts++) {
        try {
          return await work(begin());
        } catch (error) {
          if (!(error instanceof Overtaken) || attempts === ATTEMPTS) throw error;
          const [chance = 0] = randomBytes(1);
          await sleep((PAUSE_MS * chance) / 255);
        }
      }
    },
  };
}

/** "You can't perform this operation on the secret because it was marked for deletion." (GetSecretValue, `InvalidRequestException`). */
function isDeleted(error: unknown): boolean {
  return isNamed(error, 'InvalidRequestException') && /delet(?!.*replica)/.test((error as Error).message);
}

function attributesOf(made: MadeSecrets | undefined): object {
  if (made === undefined) return {};
  const tags = Object.entries(made.tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    ...(tags.length > 0 ? { Tags: tags } : {}),
    ...(made.kmsKey === undefined ? {} : { KmsKeyId: made.kmsKey }),
    ...(made.copy === undefined ? {} : { AddReplicaRegions: replicaRegions(made.copy) }),
  };
}

function versionIn(answer: unknown, name: string): Version {
  const { SecretString: text, VersionId: id } = Object(answer) as Record<string, unknown>;
  if (typeof text !== 'string' || typeof id !== 'string') throw new Error(`${name}: holds no text`);
  return { text, id };
}

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
function replicaRegions({ region, kmsKey }: CopyTarget): object[] {
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
