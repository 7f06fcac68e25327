/** Time and chance, as this machine has them: everything else takes them as arguments. */
import { randomBytes as systemRandomBytes } from 'node:crypto';
import type { Clock, RandomBytes } from '../ports/system.ts';

export const clock: Clock = Date.now;
export const randomBytes: RandomBytes = systemRandomBytes;
export const write = (line: string): void => void process.stdout.write(`${line}\n`);
