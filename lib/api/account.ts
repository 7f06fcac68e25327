/** The routes of an account: who the caller is, its namespaces, policies, trusts and usage. */

import { PullpassError } from '../domain/errors.ts';
import { accountHandle, isUuid } from '../domain/identifiers.ts';
import type { WorkloadIssuer } from '../domain/identity.ts';
import type { Policy } from '../domain/policy.ts';
import { isRepository } from '../domain/repository.ts';
import { isDay, toRfc3339 } from '../domain/time.ts';
import { type Trust, workloadAudience } from '../domain/trust.ts';
import { type Form, single } from '../http/form.ts';
import type { Response } from '../http/request.ts';
import type { CounterName } from '../ports/stores.ts';
import {
  addRule,
  listNamespaces,
  listRules,
  type NamespacePorts,
  type RulePorts,
  registerNamespace,
  releaseNamespace,
  removeRule,
} from '../usecases/manage-account.ts';
import { listUsage, type UsagePorts } from '../usecases/pulls.ts';
import {
  actorOf,
  checkBody,
  idOf,
  invalid,
  limitOf,
  type ManagementHandlers,
  type ManagementRequest,
  namespaceIn,
  readTextCursor,
  writeTextCursor,
} from './parameters.ts';
import { policySchema, trustSchema } from './requests.ts';
import type * as answers from './responses.ts';
import type { Identity, Namespace, NamespaceList, Usage } from './responses.ts';

/** `publicUrl` is `PULLPASS_URL`. */
export function identityHandlers(publicUrl: string) {
  return {
    async getIdentity({ principal: { identity, roles } }) {
      const { kind, issuer, account, subject, strength, expiresAt, groups } = identity;
      const json: Identity = {
        kind,
        issuer,
        account,
        subject,
        strength,
        expiresAt: expiresAt === null ? null : toRfc3339(expiresAt),
        ...(groups === undefined ? {} : { groups: groups.groups }),
        ...(groups?.ignored === undefined ? {} : { ignoredGroups: groups.ignored }),
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
      const body = checkBody(policySchema(request.principal.identity), request.json);
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
  const { id, issuer, claims, access, repositories, networks, lifetimeSeconds, createdAt, createdBy } = trust;
  const created = { createdAt: toRfc3339(createdAt), createdBy };
  return { id, issuer, claims, access, repositories, networks, lifetimeSeconds, ...created };
}

export function usageHandlers(ports: UsagePorts) {
  return { listUsage: request => usagePage(ports, request) } satisfies ManagementHandlers;
}

async function usagePage(ports: UsagePorts, request: ManagementRequest): Promise<Response> {
  const { account } = request.principal;
  const { query } = request;
  const cursor = single(query, 'cursor');
  const asked = {
    account,
    token: parameterIn(query, 'token')?.toLowerCase(),
    repository: parameterIn(query, 'repository'),
    from: parameterIn(query, 'from'),
    to: parameterIn(query, 'to'),
    limit: limitOf(request),
    after: cursor === undefined ? undefined : positionIn(readTextCursor(account, cursor)),
  };
  const { from, to, counters, next } = await listUsage(ports, asked);
  const json: Usage = {
    from,
    to,
    usage: [...counters],
    nextCursor: next === undefined ? null : writeTextCursor(account, positionText(next)),
  };
  return { status: 200, json };
}

const A_DAY = [isDay, 'must be a day as in 2026-11-21'] as const;
const USAGE_PARAMETERS = {
  token: [
    (text: string) => isUuid(text.toLowerCase()),
    'must be a UUID, as the lists show it; the value of a token is not its identifier',
  ],
  repository: [isRepository, 'must be the whole name of a repository, as in team-a/app'],
  from: A_DAY,
  to: A_DAY,
} as const;

function parameterIn(query: Form, name: keyof typeof USAGE_PARAMETERS): string | undefined {
  const [accepts, message] = USAGE_PARAMETERS[name];
  const value = single(query, name);
  if (value === undefined || accepts(value)) return value;
  throw invalid([{ path: name, message }], 'query');
}

/** None of the parts has a blank. */
function positionText({ day, token, repository }: CounterName): string {
  return [day, token, repository].join(' ');
}

function positionIn(text: string): CounterName {
  const [day = '', token = '', repository = ''] = text.split(' ');
  return { day, token, repository };
}
