/** What a contract suite runs on: every store port, over one state. */
import type { Policy } from '../../lib/domain/policy.ts';
import type { Trust } from '../../lib/domain/trust.ts';
import type { ExpiryStore } from '../../lib/ports/cleanup.ts';
import type {
  AuditStore,
  IdempotencyStore,
  LoginStore,
  NamespaceStore,
  NonceStore,
  RevokedCredentialStore,
  RuleStore,
  TokenStore,
} from '../../lib/ports/stores.ts';

export interface Stores {
  readonly tokens: TokenStore;
  readonly logins: LoginStore;
  readonly namespaces: NamespaceStore;
  readonly requests: IdempotencyStore;
  readonly audits: AuditStore;
  readonly expiry: ExpiryStore;
  readonly policies: RuleStore<Policy>;
  readonly trusts: RuleStore<Trust>;
  readonly proofs: NonceStore;
  readonly ended: RevokedCredentialStore;
}

/** Stores over an empty state of their own. */
export type OpenStores = () => Promise<Stores>;
