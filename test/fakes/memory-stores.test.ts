/** The fakes keep the contracts that the stores on DynamoDB keep. */
import { endedStoreContract } from '../contracts/ended-store.ts';
import { expiryStoreContract } from '../contracts/expiry-store.ts';
import { idempotencyStoreContract } from '../contracts/idempotency-store.ts';
import { loginStoreContract } from '../contracts/login-store.ts';
import { namespaceStoreContract } from '../contracts/namespace-store.ts';
import { proofStoreContract } from '../contracts/proof-store.ts';
import { ruleStoreContract } from '../contracts/rule-store.ts';
import { tokenStoreContract } from '../contracts/token-store.ts';
import { memoryStores } from './memory-stores.ts';
import { ownKey } from './memory-table.ts';

const open = async () => memoryStores();

tokenStoreContract(open);
loginStoreContract(open);
namespaceStoreContract(open);
idempotencyStoreContract(open);
expiryStoreContract(open);
ruleStoreContract(open, async ({ table }, rules) => {
  for (const rule of rules) {
    if ('role' in rule) table.policies.set(ownKey(rule.account, rule.id), rule);
    else table.trusts.set(ownKey(rule.account, rule.id), rule);
  }
});
proofStoreContract(open);
endedStoreContract(open);
