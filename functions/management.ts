/** Tokens, namespaces, policies and trusts, for administrators; and who the caller is. */
import { identityHandlers } from '../lib/api/identity.ts';
import { namespaceHandlers } from '../lib/api/namespaces.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { policyHandlers, trustHandlers } from '../lib/api/rules.ts';
import { tokenHandlers } from '../lib/api/tokens.ts';
import { composeManagement } from '../lib/compose/management.ts';
import { httpHandler } from '../lib/http/chain.ts';

const { tokens, namespaces, policies, trusts, workloadIssuers, publicUrl, chain } = composeManagement();

export const handler = httpHandler({
  ...chain,
  routes: ROUTES.management,
  handlers: {
    ...tokenHandlers(tokens),
    ...namespaceHandlers(namespaces),
    ...policyHandlers(policies),
    ...trustHandlers(trusts, workloadIssuers),
    ...identityHandlers(publicUrl),
  },
});
