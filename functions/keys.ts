import { keyHandler } from '../lib/api/keys.ts';
import { composeKeys } from '../lib/compose/keys.ts';

/** Answers what was done. */
export const handler = keyHandler(composeKeys());
