/**
 * The stores as the functions use them: whatever is taken away is appended to the ledger first, and if it cannot be,
 * nothing is done. The use cases know nothing of it.
 */
import type { Account } from '../domain/account.ts';
import { type Loss, remainderOf } from '../domain/loss.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../domain/uuid.ts';
import type {
  Clock,
  EndedCredentialStore,
  NamespaceStore,
  ProofStore,
  RandomBytes,
  RuleStore,
  TokenStore,
} from '../ports.ts';
import type { Ledger } from '../ports-ledger.ts';

export interface NotingPorts {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

interface Rule {
  readonly account: Account;
  readonly id: string;
}

/** Wraps the stores; every method throws what the ledger throws, before it has done anything. */
export interface Noting {
  tokens(store: TokenStore): TokenStore;
  namespaces(store: NamespaceStore): NamespaceStore;
  rules<R extends Rule>(store: RuleStore<R>, act: 'remove-policy' | 'remove-trust'): RuleStore<R>;
  ended(store: EndedCredentialStore): EndedCredentialStore;
  proofs(store: ProofStore): ProofStore;
}

export function noting({ ledger, clock, randomBytes }: NotingPorts): Noting {
  const note = (loss: Loss) => {
    const at = clock();
    return ledger.append({ ...loss, id: uuidV7(at, randomBytes(UUID_RANDOM_BYTES)), at });
  };
  return {
    tokens: store => ({
      ...store,
      update: async (before, after, now) => {
        const left = remainderOf(before, after);
        if (left !== undefined) await note({ act: 'narrow-token', token: versionOf(before), left });
        return store.update(before, after, now);
      },
      remove: async (record, now) => {
        await note({ act: 'remove-token', token: versionOf(record) });
        return store.remove(record, now);
      },
    }),
    namespaces: store => ({
      ...store,
      writeClaim: async (before, after) => {
        await note({ act: 'write-claim', claim: after });
        return store.writeClaim(before, after);
      },
    }),
    rules: (store, act) => ({
      ...store,
      remove: async (account, rule) => {
        await note({ act, account, rule });
        return store.remove(account, rule);
      },
    }),
    ended: store => ({
      end: async (credential, expiresAt) => {
        await note({ act: 'end-credential', ...credential, expiresAt });
        return store.end(credential, expiresAt);
      },
    }),
    // A proof that manages works once, also after a restore to a moment before it was used.
    proofs: store => ({
      spend: async (mark, expiresAt) => {
        await note({ act: 'spend-proof', mark, expiresAt });
        return store.spend(mark, expiresAt);
      },
    }),
  };
}

function versionOf({ account, id, version }: TokenRecord): Extract<Loss, { token: object }>['token'] {
  return { account, id, version };
}
