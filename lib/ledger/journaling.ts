/** Stores that append to the ledger before they revoke anything, and revoke nothing when that fails. */

import { WIDEST } from '../domain/account-rules.ts';
import { type Account, UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import { type Revocation, remainingAccess, remainingRules } from '../domain/revocation.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { Ledger } from '../ports/ledger.ts';
import type {
  AccountRulesStore,
  NamespaceStore,
  NonceStore,
  RevokedCredentialStore,
  RuleStore,
  TokenStore,
} from '../ports/stores.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';

export interface JournalingPorts {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

interface Rule {
  readonly account: Account;
  readonly id: string;
}

/** Wraps the stores; every method throws what the ledger throws, before it has done anything. */
export interface Journaling {
  tokens(store: TokenStore): TokenStore;
  namespaces(store: NamespaceStore): NamespaceStore;
  rules<R extends Rule>(store: RuleStore<R>, act: 'remove-policy' | 'remove-trust'): RuleStore<R>;
  accountRules(store: AccountRulesStore): AccountRulesStore;
  revokedCredentials(store: RevokedCredentialStore): RevokedCredentialStore;
  nonces(store: NonceStore): NonceStore;
}

export function journaling({ ledger, clock, randomBytes }: JournalingPorts): Journaling {
  const append = (revocation: Revocation) => {
    const at = clock();
    return ledger.append({ ...revocation, id: uuidV7(at, randomBytes(UUID_RANDOM_BYTES)), at });
  };
  return {
    tokens: store => ({
      ...store,
      update: async (before, after, now) => {
        const left = remainingAccess(before, after);
        if (left !== undefined) await append({ act: 'narrow-token', token: versionOf(before), left });
        return store.update(before, after, now);
      },
      remove: async (record, now) => {
        await append({ act: 'remove-token', token: versionOf(record) });
        return store.remove(record, now);
      },
    }),
    namespaces: store => ({
      ...store,
      writeClaim: async (before, after) => {
        await append({ act: 'write-claim', claim: after });
        return store.writeClaim(before, after);
      },
    }),
    rules: (store, act) => ({
      ...store,
      remove: async (account, rule, now) => {
        await append({ act, account, rule });
        return store.remove(account, rule, now);
      },
    }),
    accountRules: store => ({
      ...store,
      write: async (before, after) => {
        const left = remainingRules(before?.rules ?? WIDEST, after.rules);
        const { account } = after;
        if (left !== undefined)
          await append({ act: 'narrow-rules', account, version: before?.version ?? 0, left });
        return store.write(before, after);
      },
    }),
    revokedCredentials: store => ({
      revoke: async (credential, expiresAt) => {
        await append({ act: 'end-credential', ...credential, expiresAt });
        return store.revoke(credential, expiresAt);
      },
    }),
    // An assertion works once, also after a restore to a moment before it was used.
    nonces: store => ({
      consume: async (mark, expiresAt) => {
        await append({ act: 'spend-proof', mark, expiresAt });
        return store.consume(mark, expiresAt);
      },
    }),
  };
}

function versionOf({ account, id, version }: TokenRecord): Extract<Revocation, { token: object }>['token'] {
  return { account, id, version };
}
