/** Keys, in files of one machine or in Secrets Manager and KMS, as their references say. */
import { secretsManager } from '../aws/secrets.ts';
import { fileDerivation, kmsDerivation } from '../derivation/derivation.ts';
import { fileKeySource, type KeySource, secretKeySource } from '../derivation/key-source.ts';
import type { Derivation } from '../ports/keys.ts';
import { fileKeyStore, type KeyStore, secretKeyStore } from '../signing/key-store.ts';
import type { Parts } from './parts.ts';

export function openKeyStore({ config: { keys }, aws, randomBytes }: Parts<'keys'>): KeyStore {
  if (keys.kind === 'file') return fileKeyStore(keys.path);
  return secretKeyStore(secretsManager(aws('secretsManager', keys.region), randomBytes), keys.name);
}

export function openCredentialKeySource({
  config: { credentialKey: key },
  aws,
  randomBytes,
}: Parts<'credentialKey'>): KeySource {
  if (key.kind === 'file') return fileKeySource(key.path);
  return secretKeySource(secretsManager(aws('secretsManager', key.region), randomBytes), key.name);
}

export function openDerivation({ config: { derivationKey: key }, aws }: Parts<'derivationKey'>): Derivation {
  if (key.kind === 'file') return fileDerivation(key.path);
  return kmsDerivation(aws('kms', key.region), { keys: key.prefix, id: key.name });
}
