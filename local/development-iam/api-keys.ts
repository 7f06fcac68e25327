/** The API keys of the development IAM: one file that holds whose they are, and only their hashes. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { encodeBase62, isIdentifierValue, UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import { replaceFile } from '../../lib/files/atomic-file.ts';
import type { RandomBytes } from '../../lib/ports/system.ts';

const SECRET_BYTES = 32;
const MODE = 0o600;

const Identifier = v.custom<string>(isIdentifierValue);
const ApiKey = v.strictObject({
  id: v.string(),
  /** SHA-256 of the key, in hexadecimal. */
  hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  iamId: Identifier,
  account: Identifier,
  name: v.string(),
});
const Document = v.strictObject({ keys: v.array(ApiKey) });

export type ApiKey = v.InferOutput<typeof ApiKey>;
/** Who a new key is for, and what it is called. */
export type ApiKeyOwner = Pick<ApiKey, 'iamId' | 'account' | 'name'>;

export class ApiKeys {
  readonly #path: string;
  #keys: readonly ApiKey[];
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, keys: readonly ApiKey[]) {
    this.#path = path;
    this.#keys = keys;
  }

  /** Reads the file; a missing one holds no keys, a damaged one is an error. */
  static async open(path: string): Promise<ApiKeys> {
    return new ApiKeys(path, (await readDocument(path)).keys);
  }

  /** The key with this value. */
  withValue(apiKey: string): ApiKey | undefined {
    const hashed = hash('sha256', apiKey);
    return this.#keys.find(key => key.hash === hashed);
  }

  withId(id: string): ApiKey | undefined {
    return this.#keys.find(key => key.id === id);
  }

  /** Adds a key. It works from when its file is on the disk, which is before this returns. */
  async add(key: ApiKey): Promise<void> {
    await this.#change(keys => [...keys, key]);
  }

  /** Removes the keys that match, and with them their refresh tokens. */
  async remove(matches: (key: ApiKey) => boolean): Promise<void> {
    await this.#change(keys => keys.filter(key => !matches(key)));
  }

  /** One change after the other; one that could not be written has not happened. */
  #change(edit: (keys: readonly ApiKey[]) => readonly ApiKey[]): Promise<void> {
    const change = this.#written.then(async () => {
      const keys = edit(this.#keys);
      await replaceFile(this.#path, `${JSON.stringify({ keys }, null, 2)}\n`, MODE);
      this.#keys = keys;
    });
    this.#written = change.catch(() => undefined);
    return change;
  }
}

/** A new key of 256 random bits: its record, and the value that is shown once. */
export function newApiKey(
  owner: ApiKeyOwner,
  nowMs: number,
  randomBytes: RandomBytes,
): { key: ApiKey; value: string } {
  const value = encodeBase62(randomBytes(SECRET_BYTES));
  const id = uuidV7(nowMs, randomBytes(UUID_RANDOM_BYTES));
  return { key: { ...owner, id, hash: hash('sha256', value) }, value };
}

async function readDocument(path: string): Promise<v.InferOutput<typeof Document>> {
  try {
    return v.parse(Document, JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { keys: [] };
    throw new Error(`${path}: not a file of API keys`, { cause: error });
  }
}
