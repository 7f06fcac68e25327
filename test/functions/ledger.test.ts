/** One machine asks whether its table is the ledger's, and denies without an answer. */
import { describe } from 'vitest';
import { tableMatchTests } from '../support/table-match.ts';

describe('the match of table and ledger on one machine', () => tableMatchTests(false, ['GetItem']));
