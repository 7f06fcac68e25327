/** Secrets re-created from facts, with the derivation key of one machine. */
import { createHmac } from 'node:crypto';
import { PullpassError } from '../domain/errors.ts';
import type { Derivation } from '../ports.ts';
import { readKeyFile } from './key-file.ts';

/** Derives with the keys of the file at `path`, which is read once. Throws as `readKeyFile`. */
export function fileDerivation(path: string): Derivation {
  const { current, keys } = readKeyFile(path);
  return {
    currentKey: current,
    async derive(name, message) {
      const key = keys.get(name);
      if (key === undefined) throw new PullpassError('unavailable', { reason: `no derivation key ${name}` });
      return createHmac('sha256', key).update(message).digest();
    },
  };
}
