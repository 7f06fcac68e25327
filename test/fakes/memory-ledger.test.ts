/** The fakes keep the contracts that the ledger and the identity of the table keep. */
import { ledgerContract } from '../contracts/ledger.ts';
import { tableIdentityContract } from '../contracts/table-identity.ts';
import { memoryIdentity } from './memory-identity.ts';
import { memoryLedger } from './memory-ledger.ts';

ledgerContract(async () => memoryLedger());
tableIdentityContract(async () => memoryIdentity());
