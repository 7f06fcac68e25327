/** The administrator of the development IAM: who that is, and the file in which the operator finds the key. */
import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../lib/files/atomic-file.ts';
import type { RandomBytes } from '../../lib/ports/system.ts';
import { type ApiKey, type ApiKeys, newApiKey } from './api-keys.ts';

/** In `PULLPASS_ADMINISTRATORS`: `dev:dev:administrator`. */
export const ADMINISTRATOR = { iamId: 'administrator', account: 'dev', name: 'administrator' } as const;

export interface AdministratorKeyInput {
  readonly apiKeys: ApiKeys;
  /** Holds the key and a line break, mode 0600. */
  readonly file: string;
  readonly nowMs: number;
  readonly randomBytes: RandomBytes;
}

export function isAdministratorKey({ iamId, account }: ApiKey): boolean {
  return iamId === ADMINISTRATOR.iamId && account === ADMINISTRATOR.account;
}

/**
 * Makes sure that the file holds a key that works. When the file was lost, or removed because the key
 * leaked, the next start makes a new key and the old one is refused.
 */
export async function ensureAdministratorKey(input: AdministratorKeyInput): Promise<void> {
  const { apiKeys, file, nowMs, randomBytes } = input;
  const present = apiKeys.withValue((await readIfThere(file)).trimEnd());
  if (present !== undefined && isAdministratorKey(present)) return;
  const { key, value } = newApiKey(ADMINISTRATOR, nowMs, randomBytes);
  await apiKeys.remove(isAdministratorKey);
  // A crash between the two leaves a key that does not work, which the next start replaces.
  await replaceFile(file, `${value}\n`, 0o600);
  await apiKeys.add(key);
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
