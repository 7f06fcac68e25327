import { tokenStoreContract } from '../contracts/token-store.ts';
import { useEngine } from '../support/stores.ts';

tokenStoreContract(useEngine().open);
