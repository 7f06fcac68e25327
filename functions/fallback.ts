/** Where no other function answers: our 404 for an unknown path, our 405 for an unknown method. */
import { ALL_ROUTES } from '../lib/api/routes.ts';
import { composeFallback } from '../lib/compose/fallback.ts';
import { httpHandler } from '../lib/http/chain.ts';

export const handler = httpHandler({ ...composeFallback(), routes: ALL_ROUTES, handlers: {} });
