/** The fake obeys the contract of the tables that ship. */
import { tableContract } from '../contracts/table.ts';
import { mapTable } from './map-table.ts';

tableContract(async () => mapTable());
