/** Keys: deriving secrets, signing, rotating, publishing. */

import type { AccessTokenClaims } from '../domain/access-token.ts';
import type { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';

/** Adds and removes the keys of rings. */
export interface RingRotation {
  /** Adds keys that are missing or due, and removes keys that are no longer needed. */
  maintain(service: Service, now: number): Promise<RingReport>;
  /** Brings a new key into use at once; the former keys stay published while their tokens are valid. */
  activate(service: Service, now: number): Promise<RingReport>;
  /** Replaces all keys. Registries that know the new ones refuse what the old ones have signed. */
  replace(service: Service, now: number): Promise<RingReport>;
}

/** Deletes the keys of services that are no longer configured. */
/** Copies of keys in another region. */
export interface KeyCopies {
  /** What has to have a copy. */
  names(services: readonly Service[]): readonly string[];
  /** Throws when it has none and none could be made. */
  ensure(name: string): Promise<void>;
}

export interface KeyRetirement {
  /**
   * Remembers which services there are, and deletes the keys of those that were removed an hour ago or earlier: a deployment
   * that fails later may bring them back. Answers their names. Throws when it cannot remember, or cannot delete.
   */
  retire(services: readonly Service[], now: number): Promise<readonly string[]>;
}

/** The keys of a service after a change, by their `kid`. Times are seconds since 1970. */
export interface RingReport {
  readonly service: string;
  /** The key that signs now. */
  readonly signs: string | null;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** When the certificate of the key that signs now ends, and that of the root; null without certificates. */
  readonly keyEndsAt: number | null;
  readonly rootEndsAt: number | null;
}

/** Adds and removes the keys that authenticate credentials. */
export interface CredentialKeyRotation {
  /** Adds the first key if there is none, and removes keys whose credentials have all expired. */
  maintain(now: number): Promise<CredentialKeyReport>;
  /** Adds a key that comes into use when every process has read it. Changes nothing while there is such a key. */
  rotate(now: number): Promise<CredentialKeyReport>;
}

/** The credential keys after a change, by their names. */
export interface CredentialKeyReport {
  readonly current: string | null;
  /** The key that takes over, and when, in seconds since 1970. */
  readonly next: { readonly name: string; readonly useFrom: number } | null;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export type WhichKey = 'current' | 'next';

/** What a registry needs in order to verify access tokens. Public. */
export interface KeyPublication {
  /** The published keys of a service as a JWK set (RFC 7517), each with its `kid`. */
  jwks(service: string, now: number): Promise<{ keys: Record<string, unknown>[] }>;
  /** The key that signs now, as a JWK set of one; or the one that takes over, as a set of one or, while none waits, of none. */
  signingKey(service: string, which: WhichKey, now: number): Promise<{ keys: Record<string, unknown>[] }>;
  /** The PEM bundle for `rootcertbundle`; undefined for a service whose profile has no certificates. */
  rootCertBundle(service: string, now: number): Promise<string | undefined>;
}

/** Secrets re-created from facts. */
export interface Derivation {
  /** The name of the key that new secrets are derived with. */
  readonly currentKey: string;
  /** 32 bytes: HMAC-SHA-256 of the message under the named key. */
  derive(key: string, message: Uint8Array): Promise<Uint8Array>;
}

/** The keys that authenticate credentials. They are used for nothing else. */
export interface CredentialKeys {
  /** The name of the key that new credentials are authenticated with. */
  current(now: number): Promise<string>;
  /** HMAC-SHA-256 of the text under the named key (32 bytes); undefined: there is no such key. */
  mac(key: string, text: string, now: number): Promise<Uint8Array | undefined>;
}

/** Verifies what `AccessTokenSigner` has signed. */
export interface AccessTokenVerifier {
  /** The claims of a token that is good now, for this service. Throws `unauthenticated` for any other. */
  verify(service: Service, token: Secret, now: number): Promise<AccessTokenClaims>;
}

/** The keys of every service's ring. */
export interface AccessTokenSigner {
  /** The compact JWT for `claims`, signed with the current key of the ring of `claims.aud`. */
  sign(claims: AccessTokenClaims, now: number): Promise<string>;
}
