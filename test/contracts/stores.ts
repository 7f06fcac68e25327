/** What a contract suite runs on: every store port, over one state. */
import type {
  AuditStore,
  ExpiryStore,
  IdempotencyStore,
  LoginStore,
  NamespaceStore,
  TokenStore,
} from '../../lib/ports.ts';

export interface Stores {
  readonly tokens: TokenStore;
  readonly logins: LoginStore;
  readonly namespaces: NamespaceStore;
  readonly requests: IdempotencyStore;
  readonly audits: AuditStore;
  readonly expiry: ExpiryStore;
}

/** Stores over an empty state of their own. */
export type OpenStores = () => Promise<Stores>;
