/** Keeps the keys; called by a schedule, by the deployment, and by the operator. */
import { keyHandler } from '../lib/api/keys.ts';
import { composeKeys } from '../lib/compose/keys.ts';

/** Answers what was done. */
export const handler = keyHandler(composeKeys());
