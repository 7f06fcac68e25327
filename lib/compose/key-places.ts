/** Where keys lie, as the configuration says: in files of this machine, or in AWS. */
import type { Config } from '../config.ts';
import { fileDerivation } from '../derivation/file-derivation.ts';
import { fileKeySource, type KeySource, secretKeySource } from '../derivation/key-place.ts';
import { kmsDerivation } from '../derivation/kms-derivation.ts';
import type { Derivation } from '../ports.ts';
import { fileKeyStore, type KeyStore } from '../signing/key-directory.ts';
import { secretKeyStore } from '../signing/secret-directory.ts';
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
