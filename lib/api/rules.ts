import type { WorkloadIssuer } from '../domain/identity.ts';
import type { Policy } from '../domain/policy.ts';
import { toRfc3339 } from '../domain/time.ts';
import type { Trust } from '../domain/trust.ts';
import { forIdentities } from '../http/authenticate.ts';
import type { Handlers, IdentityRequest } from '../http/request.ts';
import { addRule, listRules, type RulePorts, removeRule } from '../usecases/manage-rules.ts';
import { checkBody } from './body.ts';
import { actorOf } from './parameters.ts';
import { policySchema, trustSchema } from './requests.ts';
import type * as answers from './responses.ts';

export function policyOperations(ports: RulePorts<Policy>): Handlers {
  return {
    addPolicy: forIdentities(async call => {
      const body = checkBody(policySchema(call.identity.issuer), call.json);
      const policy = await addRule(ports, actorOf(call), common => ({ ...common, ...body }));
      return { status: 201, headers: { location: `/v1/policies/${policy.id}` }, json: policyObject(policy) };
    }),
    listPolicies: forIdentities(async ({ identity }) => {
      const policies = await listRules(ports, identity.account);
      return { status: 200, json: { policies: policies.map(policyObject) } satisfies answers.PolicyList };
    }),
    removePolicy: removal(ports),
  };
}

export function trustOperations(ports: RulePorts<Trust>, issuers: readonly WorkloadIssuer[]): Handlers {
  const schema = trustSchema(issuers);
  return {
    addTrust: forIdentities(async call => {
      const body = checkBody(schema, call.json);
      const trust = await addRule(ports, actorOf(call), common => ({ ...common, ...body }));
      return { status: 201, headers: { location: `/v1/trusts/${trust.id}` }, json: trustObject(trust) };
    }),
    listTrusts: forIdentities(async ({ identity }) => {
      const trusts = await listRules(ports, identity.account);
      return { status: 200, json: { trusts: trusts.map(trustObject) } satisfies answers.TrustList };
    }),
    removeTrust: removal(ports),
  };
}

function removal<R extends Policy | Trust>(ports: RulePorts<R>) {
  return forIdentities(async (call: IdentityRequest) => {
    await removeRule(ports, actorOf(call), call.params.id ?? '');
    return { status: 204 };
  });
}

function policyObject({ id, subject, role, repositories, createdAt, createdBy }: Policy): answers.Policy {
  return { id, subject, role, repositories, createdAt: toRfc3339(createdAt), createdBy };
}

function trustObject(trust: Trust): answers.Trust {
  const { id, issuer, claims, access, repositories, lifetimeSeconds, createdAt, createdBy } = trust;
  const created = { createdAt: toRfc3339(createdAt), createdBy };
  return { id, issuer, claims, access, repositories, lifetimeSeconds, ...created };
}
