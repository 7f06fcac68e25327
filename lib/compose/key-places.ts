import type { Config } from '../config/config.ts';
import { fileDerivation, kmsDerivation } from '../derivation/derivation.ts';
import { fileKeySource, type KeySource, secretKeySource } from '../derivation/key-source.ts';
import type { Derivation } from '../ports/keys.ts';
import { fileKeyStore, type KeyStore, secretKeyStore } from '../signing/key-store.ts';
import { composeAws, composeSecrets } from './aws.ts';

export function composeKeyStore(keys: Config<'keys'>['keys']): KeyStore {
  if (keys.kind === 'file') return fileKeyStore(keys.path);
  return secretKeyStore(composeSecrets(keys.region), keys.prefix);
}

export function composeCredentialKeySource(key: Config<'credentialKey'>['credentialKey']): KeySource {
  return key.kind === 'file'
    ? fileKeySource(key.path)
    : secretKeySource(composeSecrets(key.region), key.name);
}

export function composeDerivation(key: Config<'derivationKey'>['derivationKey']): Derivation {
  return key.kind === 'file' ? fileDerivation(key.path) : kmsDerivation(composeAws('kms', key.region), key);
}
