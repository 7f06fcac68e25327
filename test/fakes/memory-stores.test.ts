/** The fakes keep the contracts that the stores on DynamoDB keep. */
import { expiryStoreContract } from '../contracts/expiry-store.ts';
import { idempotencyStoreContract } from '../contracts/idempotency-store.ts';
import { loginStoreContract } from '../contracts/login-store.ts';
import { namespaceStoreContract } from '../contracts/namespace-store.ts';
import { tokenStoreContract } from '../contracts/token-store.ts';
import { memoryStores } from './memory-stores.ts';

const open = async () => memoryStores();

tokenStoreContract(open);
loginStoreContract(open);
namespaceStoreContract(open);
idempotencyStoreContract(open);
expiryStoreContract(open);
