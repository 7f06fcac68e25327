/** The routes of an account's rules: its policies, and its trusts. */
import type { WorkloadIssuer } from '../domain/identity.ts';
import type { Policy } from '../domain/policy.ts';
import { toRfc3339 } from '../domain/time.ts';
import type { Trust } from '../domain/trust.ts';
import type { Response } from '../http/request.ts';
import { addRule, listRules, type RulePorts, removeRule } from '../usecases/manage-rules.ts';
import { actorOf, checkBody, type ManagementHandlers, type ManagementRequest } from './parameters.ts';
import { policySchema, trustSchema } from './requests.ts';
import type * as answers from './responses.ts';

export function policyHandlers(ports: RulePorts<Policy>) {
  return {
    async addPolicy(request) {
      const body = checkBody(policySchema(request.principal.identity.issuer), request.json);
      const policy = await addRule(ports, actorOf(request), common => ({ ...common, ...body }));
      return { status: 201, headers: { location: `/v1/policies/${policy.id}` }, json: policyObject(policy) };
    },
    async listPolicies({ principal }) {
      const policies = await listRules(ports, principal.account);
      return { status: 200, json: { policies: policies.map(policyObject) } satisfies answers.PolicyList };
    },
    removePolicy: request => remove(ports, request),
  } satisfies ManagementHandlers;
}

export function trustHandlers(ports: RulePorts<Trust>, issuers: readonly WorkloadIssuer[]) {
  const schema = trustSchema(issuers);
  return {
    async addTrust(request) {
      const body = checkBody(schema, request.json);
      const trust = await addRule(ports, actorOf(request), common => ({ ...common, ...body }));
      return { status: 201, headers: { location: `/v1/trusts/${trust.id}` }, json: trustObject(trust) };
    },
    async listTrusts({ principal }) {
      const trusts = await listRules(ports, principal.account);
      return { status: 200, json: { trusts: trusts.map(trustObject) } satisfies answers.TrustList };
    },
    removeTrust: request => remove(ports, request),
  } satisfies ManagementHandlers;
}

async function remove<R extends Policy | Trust>(
  ports: RulePorts<R>,
  request: ManagementRequest,
): Promise<Response> {
  await removeRule(ports, actorOf(request), request.params.id ?? '');
  return { status: 204 };
}

function policyObject({ id, subject, role, repositories, createdAt, createdBy }: Policy): answers.Policy {
  return { id, subject, role, repositories, createdAt: toRfc3339(createdAt), createdBy };
}

function trustObject(trust: Trust): answers.Trust {
  const { id, issuer, claims, access, repositories, lifetimeSeconds, createdAt, createdBy } = trust;
  const created = { createdAt: toRfc3339(createdAt), createdBy };
  return { id, issuer, claims, access, repositories, lifetimeSeconds, ...created };
}
