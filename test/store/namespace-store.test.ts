import { namespaceStoreContract } from '../contracts/namespace-store.ts';
import { useEngine } from '../support/stores.ts';

namespaceStoreContract(useEngine().open);
