import { expiryStoreContract } from '../contracts/expiry-store.ts';
import { useEngine } from '../support/stores.ts';

expiryStoreContract(useEngine().open);
