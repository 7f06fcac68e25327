/** The routes of an account: its identity, namespaces, policies and trusts. */

import { accountHandle } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import type { WorkloadIssuer } from '../domain/identity.ts';
import type { Policy } from '../domain/policy.ts';
import { toRfc3339 } from '../domain/time.ts';
import { type Trust, workloadAudience } from '../domain/trust.ts';
import type { Response } from '../http/request.ts';
import {
  listNamespaces,
  type NamespacePorts,
  registerNamespace,
  releaseNamespace,
} from '../usecases/manage-namespaces.ts';
import { addRule, listRules, type RulePorts, removeRule } from '../usecases/manage-rules.ts';
import {
  actorOf,
  checkBody,
  idOf,
  type ManagementHandlers,
  type ManagementRequest,
  namespaceIn,
} from './parameters.ts';
import { policySchema, trustSchema } from './requests.ts';
import type * as answers from './responses.ts';
import type { Identity, Namespace, NamespaceList } from './responses.ts';

/** `publicUrl` is `PULLPASS_URL`. */
export function identityHandlers(publicUrl: string) {
  return {
    async getIdentity({ principal: { identity, roles } }) {
      const { kind, issuer, account, subject, strength, expiresAt } = identity;
      const json: Identity = {
        kind,
        issuer,
        account,
        subject,
        strength,
        expiresAt: expiresAt === null ? null : toRfc3339(expiresAt),
        roles,
        // What a build platform must write into the tokens of workloads that log in for this account.
        workloadAudience: workloadAudience(publicUrl, accountHandle(account)),
      };
      return { status: 200, json };
    },
  } satisfies ManagementHandlers;
}

export function namespaceHandlers(ports: NamespacePorts) {
  return {
    async registerNamespace(request) {
      const { registered } = await registerNamespace(ports, actorOf(request), namespaceIn(request));
      const json: Namespace = { name: namespaceIn(request) };
      return { status: registered ? 201 : 200, json };
    },
    async listNamespaces({ principal }) {
      const claims = await listNamespaces(ports, principal.account);
      const json: NamespaceList = { namespaces: claims.map(({ name }) => ({ name })) };
      return { status: 200, json };
    },
    async releaseNamespace(request) {
      await releaseNamespace(ports, actorOf(request), namespaceIn(request));
      return { status: 204 };
    },
  } satisfies ManagementHandlers;
}

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
      if (issuers.length === 0) throw new PullpassError('no-build-platform');
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
  await removeRule(ports, actorOf(request), idOf(request));
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
