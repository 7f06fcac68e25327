/** What others are asked: issuers, who a caller is; the registry behind the proxy, for what is pulled. */

import type { Readable } from 'node:stream';
import type { AssertionKind, Identity } from '../domain/identity.ts';
import type { Secret } from '../domain/secret.ts';
import type { Notifications, Upstream } from '../domain/service.ts';
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

/** What claims say, as if an issuer had signed them. */
export interface ReadClaims {
  /** Also of a token that is not valid at that time; undefined: it names no issuer, account or subject of ours. */
  readonly workload: Workload | undefined;
  /** Why a token with these claims is refused; undefined: it is not. */
  readonly refusal: string | undefined;
}

/** Reads the claims of a workload as those of a verified token are read. It verifies nothing, so it authenticates no caller. */
export interface ClaimsReader {
  read(claims: unknown, nowMs: number): ReadClaims;
}

/** Authenticates IAM identities. */
export interface IdentityVerifier {
  /**
   * The identity of an assertion. Throws `unauthenticated` (with the reason for the log) for one that does not verify,
   * `unavailable` when an issuer that has to be asked does not answer.
   */
  identify(assertion: Assertion, nowMs: number): Promise<Identity>;
}

export interface UpstreamRequest {
  readonly upstream: Upstream;
  readonly method: 'GET' | 'HEAD';
  /** Made by `upstreamPathOf`, with a query of ours. */
  readonly path: string;
  /** The repository as it is named upstream, for the scope of the token protocol. */
  readonly repository: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface UpstreamResponse {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Must be read or destroyed. */
  readonly body: Readable;
}

/** Asks a registry as the operator configured it. A redirect is answered, never followed. */
export interface UpstreamRegistry {
  /** Throws `unavailable` without an answer in time, `upstream-refused` when it refuses our own credentials. */
  ask(request: UpstreamRequest): Promise<UpstreamResponse>;
}

/** What registries that verify access tokens themselves report with. */
export interface NotificationSecrets {
  /** Whether it is the secret of a service now, compared in constant time. Throws `unavailable` when that cannot be read. */
  matches(notifications: Notifications, given: Secret, nowMs: number): Promise<boolean>;
}
