/** Tokens and namespaces, for administrators. */
import { namespaceOperations } from '../lib/api/namespaces.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { tokenOperations } from '../lib/api/tokens.ts';
import { composeManagement } from '../lib/compose/management.ts';
import { httpHandler } from '../lib/http/chain.ts';

const { tokens, namespaces, chain } = composeManagement();

export const handler = httpHandler({
  ...chain,
  routes: ROUTES.management,
  operations: { ...tokenOperations(tokens), ...namespaceOperations(namespaces) },
});
