import { loginStoreContract } from '../contracts/login-store.ts';
import { useEngine } from '../support/stores.ts';

loginStoreContract(useEngine().open);
