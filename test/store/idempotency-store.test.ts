import { idempotencyStoreContract } from '../contracts/idempotency-store.ts';
import { useEngine } from '../support/stores.ts';

idempotencyStoreContract(useEngine().open);
