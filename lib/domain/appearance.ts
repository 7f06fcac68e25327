/** What a secret looks like before anyone has verified it: enough to tell a secret in the wrong place. */
import { CREDENTIAL_PREFIX } from './credential.ts';
import { REGISTRY_TOKEN_PREFIX } from './registry-token.ts';
import type { Secret } from './secret.ts';

export type SecretFormat = 'a registry token' | 'a credential' | 'a signed token' | 'a presigned request';

/** No secret has two looks, and what has none of these may still be an API key or an opaque refresh token. */
const LOOKS: readonly (readonly [SecretFormat, RegExp])[] = [
  ['a registry token', new RegExp(`^${REGISTRY_TOKEN_PREFIX}`)],
  ['a credential', new RegExp(`^${CREDENTIAL_PREFIX}`)],
  ['a signed token', /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/],
  ['a presigned request', /^https?:\/\//],
];

/** Undefined: it looks like nothing in particular. */
export function secretFormatOf(secret: Secret): SecretFormat | undefined {
  const text = secret.reveal();
  return LOOKS.find(([, look]) => look.test(text))?.[0];
}
