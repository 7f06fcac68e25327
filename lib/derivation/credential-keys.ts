/** The keys that authenticate credentials, and do nothing else. */
import { createHmac } from 'node:crypto';
import { isCredentialKeyName } from '../domain/credential.ts';
import type { CredentialKeys } from '../ports.ts';
import { readKeyFile } from './key-file.ts';

/** The keys of the file at `path`, which is read once. Throws as `readKeyFile`, and for a name that has no place in a credential. */
export function fileCredentialKeys(path: string): CredentialKeys {
  const { current, keys } = readKeyFile(path);
  const odd = [...keys.keys()].find(name => !isCredentialKeyName(name));
  if (odd !== undefined) throw new Error(`${path}: a key must be named by 1 to 8 small letters and digits`);
  return {
    current,
    async mac(name, text) {
      const key = keys.get(name);
      return key && createHmac('sha256', key).update(text).digest();
    },
  };
}
