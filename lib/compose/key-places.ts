/** Where keys lie, as the configuration says: in files of this machine, or in AWS. */
import type { Config } from '../config.ts';
import { fileDerivation } from '../derivation/file-derivation.ts';
import { type KeyPlace, keyFilePlace, secretPlace } from '../derivation/key-place.ts';
import { kmsDerivation } from '../derivation/kms-derivation.ts';
import type { Derivation } from '../ports.ts';
import { type KeyDirectory, keyDirectory } from '../signing/key-directory.ts';
import { secretDirectory } from '../signing/secret-directory.ts';
import { composeAws, composeSecrets } from './aws.ts';

export function composeKeyDirectory(keys: Config<'keys'>['keys']): KeyDirectory {
  if (keys.kind === 'file') return keyDirectory(keys.path);
  return secretDirectory(composeSecrets(keys.region), keys.prefix);
}

export function composeCredentialPlace(key: Config<'credentialKey'>['credentialKey']): KeyPlace {
  return key.kind === 'file' ? keyFilePlace(key.path) : secretPlace(composeSecrets(key.region), key.name);
}

export function composeDerivation(key: Config<'derivationKey'>['derivationKey']): Derivation {
  return key.kind === 'file' ? fileDerivation(key.path) : kmsDerivation(composeAws('kms', key.region), key);
}
