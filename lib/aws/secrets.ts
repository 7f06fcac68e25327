import type { RandomBytes } from '../ports/system.ts';
import type { AwsCall } from './client.ts';

/** What is seen of secrets, and done to them, in one go. */
export interface SecretsTransaction {
  /** The text; undefined when there is no such secret. The same text however often it is asked for. */
  read(name: string): Promise<string | undefined>;
  /** Replaces the text that was read. A secret that was not read, or not found, must not be there yet. */
  write(name: string, text: string): Promise<void>;
}

export interface Secrets {
  read(name: string): Promise<string | undefined>;
  /** Does `work`, and does it anew when another writer was faster with one of the secrets that it writes. */
  transaction<T>(work: (held: SecretsTransaction) => Promise<T>): Promise<T>;
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
/** Where a version waits that is written and not current yet. */
const NEXT = 'PULLPASS_NEXT';
/** A version's name has 32 to 64 characters: these, as hexadecimal digits, are 32. */
const VERSION_BYTES = 16;
const ATTEMPTS = 5;

/**
 * The secrets that `call` (of Secrets Manager) reaches. They are named, never given by an ARN without its suffix: there
 * a name that ends in a hyphen and six characters would be taken for another one.
 */
export function secretsManager(call: AwsCall, randomBytes: RandomBytes): Secrets {
  async function current(name: string): Promise<Version | undefined> {
    try {
      return versionIn(await call('GetSecretValue', { SecretId: name, VersionStage: CURRENT }), name);
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  /**
   * A compare-and-swap: a secret is created once, and its label AWSCURRENT moves only from the version that it is given
   * ("UpdateSecretVersionStage", `RemoveFromVersionId`).
   */
  async function store(name: string, { text, id }: Version, before: Version | undefined): Promise<void> {
    const version = { ClientRequestToken: id, SecretString: text };
    if (before === undefined) {
      await call('CreateSecret', { Name: name, ...version });
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
      // The answer was lost, or another writer was faster, or nothing was done: what stands now tells which.
      const stands = await current(name);
      if (stands?.id === before?.id) throw error;
      if (stands?.id !== after.id) throw new Overtaken(`${name}: written by another at the same time`);
    }
    return after;
  }

  function hold(): SecretsTransaction {
    const seen = new Map<string, Version | undefined>();
    return {
      async read(name) {
        if (!seen.has(name)) seen.set(name, await current(name));
        return seen.get(name)?.text;
      },
      async write(name, text) {
        seen.set(name, await replace(name, text, seen.get(name)));
      },
    };
  }

  return {
    read: async name => (await current(name))?.text,
    async transaction(work) {
      for (let attempts = 1; ; attempts++) {
        try {
          return await work(hold());
        } catch (error) {
          if (!(error instanceof Overtaken) || attempts === ATTEMPTS) throw error;
        }
      }
    },
  };
}

function versionIn(answer: unknown, name: string): Version {
  const { SecretString: text, VersionId: id } = Object(answer) as Record<string, unknown>;
  if (typeof text !== 'string' || typeof id !== 'string') throw new Error(`${name}: holds no text`);
  return { text, id };
}
