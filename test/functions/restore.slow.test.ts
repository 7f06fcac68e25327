/** A restored store brings nothing back, after many acts, on one machine and on AWS. */
import { describe } from 'vitest';
import { restoreTests } from '../support/restore-tests.ts';

describe('a restore on one machine, with the ledger in a directory', () => restoreTests(300, false));
describe('a restore on AWS, with the ledger in a table', () => restoreTests(1_000, true));
