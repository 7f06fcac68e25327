/** A restored store on one machine brings nothing back. */
import { describe } from 'vitest';
import { restoreTests } from '../support/restore-tests.ts';

describe('a restore on one machine, with the ledger in a directory', () => restoreTests(60, false));
