/** Verifies the assertions of IAM identities and workloads. */
import type { AssertionKind, Identity } from '../domain/identity.ts';
import type { Secret } from '../domain/secret.ts';
import type { Workload } from '../domain/trust.ts';

/** What an IAM caller sends; the user name, or `Bearer`, says of which kind it is. */
export interface Assertion {
  readonly kind: AssertionKind;
  readonly secret: Secret;
  /** Where it came from; absent: unknown, and bounded together with all that are. */
  readonly sourceAddress?: string | undefined;
}

/** Authenticates the workloads of build platforms. */
export interface WorkloadVerifier {
  /** The workload behind an OIDC token. Throws as `IdentityVerifier` does. */
  verify(token: Secret, nowMs: number): Promise<Workload>;
}

/** Authenticates IAM identities. */
export interface IdentityVerifier {
  /**
   * The identity of an assertion. Throws `unauthenticated` (with the reason for the log) for one that does not verify,
   * `unavailable` when an issuer that has to be asked does not answer.
   */
  identify(assertion: Assertion, nowMs: number): Promise<Identity>;
}
