/** The world of this process, for functions on Lambda and for npm start. */

import { randomBytes } from 'node:crypto';
import type { World } from './parts.ts';

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
