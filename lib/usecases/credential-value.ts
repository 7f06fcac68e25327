/** Signs credentials, and verifies the values of presented ones. */
import { timingSafeEqual } from 'node:crypto';
import {
  type Credential,
  credentialBody,
  formatCredential,
  formatMac,
  parseCredential,
  readCredentialBody,
} from '../domain/credential.ts';
import type { Secret } from '../domain/secret.ts';
import type { CredentialKeys } from '../ports/keys.ts';

/** The value of a credential; undefined when it would be longer than a credential may be. */
export async function signCredential(
  keys: CredentialKeys,
  credential: Credential,
  now: number,
): Promise<Secret | undefined> {
  const current = await keys.current(now);
  const body = credentialBody(current, credential);
  const mac = await keys.mac(current, body, now);
  if (mac === undefined) throw new Error(`the current credential key ${current} is missing`);
  return formatCredential(body, mac);
}

/** The credential in a presented value, revoked or not; undefined for a value that we did not sign. */
export async function verifyCredential(
  keys: CredentialKeys,
  value: Secret,
  now: number,
): Promise<Credential | undefined> {
  const signed = parseCredential(value);
  if (signed === undefined) return undefined;
  const mac = await keys.mac(signed.key, signed.body, now);
  if (mac === undefined) return undefined;
  // Both are 43 characters, so the lengths that timingSafeEqual insists on are equal.
  const isOurs = timingSafeEqual(Buffer.from(formatMac(mac)), Buffer.from(signed.mac));
  return isOurs ? readCredentialBody(signed.body) : undefined;
}
