/** Verifies the assertions of IAM identities and workloads. */
import type { AssertionKind, Identity } from '../domain/identity.ts';
import type { Secret } from '../domain/secret.ts';
import type { Workload } from '../domain/trust.ts';

/** What an IAM caller shows: the kind is what the user name, or `Bearer`, said it is. */
export interface Assertion {
  readonly kind: AssertionKind;
  readonly secret: Secret;
}

/** Recognises the workloads of build platforms. */
export interface WorkloadVerifier {
  /** The workload behind an OIDC token. Throws as `IdentityVerifier` does. */
  verify(token: Secret, nowMs: number): Promise<Workload>;
}

/** Recognises IAM identities. */
export interface IdentityVerifier {
  /**
   * The identity behind a proof. Throws `unauthenticated` (with the reason for the log) for a proof that does not
   * hold, `unavailable` when an issuer that has to be asked does not answer.
   */
  identify(proof: Assertion, nowMs: number): Promise<Identity>;
}
