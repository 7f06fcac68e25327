import type { Config } from '../config/config.ts';
import { fileLedger } from '../ledger/file-ledger.ts';
import { type Journaling, journaling } from '../ledger/journaling.ts';
import { tableLedger } from '../ledger/table-ledger.ts';
import type { Ledger } from '../ports/ledger.ts';
import { composeAws } from './aws.ts';
import { clock, randomBytes } from './system.ts';

export function composeLedger({ ledger }: Config<'ledger'>): Ledger {
  if (ledger.kind === 'file') return fileLedger(ledger.path);
  return tableLedger({ call: composeAws('dynamodb', ledger.region), table: ledger.table });
}

/** The stores as a function that changes the table has to use them. */
export function composeJournaling(config: Config<'ledger'>): Journaling {
  return journaling({ ledger: composeLedger(config), clock, randomBytes });
}
