/** The world that a function is handed, and the world of this process, for functions on Lambda and for npm start. */

import { randomBytes } from 'node:crypto';
import type { Environment } from '../config/config.ts';
import type { IamLimits } from '../iam/verifier.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import type { Table } from '../ports/table.ts';

/** Everything that differs between Lambda, one machine and a test. */
export interface World {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Writes one line of the log or of the figures. */
  readonly write: (line: string) => void;
  /** On one machine, what replaces DynamoDB. */
  readonly table?: Table;
  /** On one machine, the ledger in files, which all functions write by one descriptor. */
  readonly ledger?: Ledger;
  /** How long issuers are waited for, and how much is asked of them; a test waits less. */
  readonly iamLimits?: IamLimits;
  /** Whether answers can be streamed; absent: they are buffered, as Lambda does. */
  readonly streams?: boolean;
  /** The X-Ray header of the invocation, which Lambda sets anew for each. */
  readonly traceHeader?: () => string | undefined;
}

/** The world as this process has it. */
export function processWorld(): World {
  return {
    environment: process.env,
    clock: () => Date.now(),
    randomBytes,
    write: line => void process.stdout.write(`${line}\n`),
    traceHeader: () => process.env._X_AMZN_TRACE_ID,
  };
}
