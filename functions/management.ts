/** Tokens, namespaces, policies and trusts, for administrators; and who the caller is. */
import { identityOperations } from '../lib/api/identity.ts';
import { namespaceOperations } from '../lib/api/namespaces.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { policyOperations, trustOperations } from '../lib/api/rules.ts';
import { tokenOperations } from '../lib/api/tokens.ts';
import { composeManagement } from '../lib/compose/management.ts';
import { httpHandler } from '../lib/http/chain.ts';

const { tokens, namespaces, policies, trusts, workloadIssuers, publicUrl, chain } = composeManagement();

export const handler = httpHandler({
  ...chain,
  routes: ROUTES.management,
  operations: {
    ...tokenOperations(tokens),
    ...namespaceOperations(namespaces),
    ...policyOperations(policies),
    ...trustOperations(trusts, workloadIssuers),
    ...identityOperations(publicUrl),
  },
});
