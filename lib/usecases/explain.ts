/** Explains what a login would get: the login's own functions decide, nothing is written, and no secret is asked for. */

import { parseScopes } from '../domain/access.ts';
import { JTI_BYTES } from '../domain/access-token.ts';
import {
  type Explanation,
  policySteps,
  refusedToken,
  type Step,
  trustSteps,
  usableToken,
} from '../domain/explanation.ts';
import { isGroupOf } from '../domain/groups.ts';
import { type Account, accountHandle } from '../domain/identifiers.ts';
import type { Identity } from '../domain/identity.ts';
import { loginContext, type Principal } from '../domain/principal.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import { decisionOf, scopeSteps } from '../domain/scope-steps.ts';
import type { Service } from '../domain/service.ts';
import { toRfc3339, toSeconds } from '../domain/time.ts';
import { type Judgement, judgeGeneration, type TokenRecord } from '../domain/token-record.ts';
import { type Trust, workloadAudience } from '../domain/trust.ts';
import type { ClaimsReader } from '../ports/others.ts';
import type { LoginStore, RuleStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';
import { decideLogin } from './log-in.ts';
import {
  type IdentityPorts,
  identityPrincipal,
  judgedToken,
  type LoginMoment,
  withNamespaces,
} from './principal.ts';
import { trustedPrincipal, trustsFor } from './workload-principal.ts';

export interface ExplainPorts extends IdentityPorts {
  readonly store: Pick<LoginStore, 'read'>;
  readonly trusts: Pick<RuleStore<Trust>, 'list'>;
  readonly claims: ClaimsReader;
  readonly clock: Clock;
  /** `PULLPASS_URL`. */
  readonly issuer: string;
}

/** Whose login it would be: of the account alone. */
export type Explained =
  | { readonly kind: 'token'; readonly id: string }
  | { readonly kind: 'subject'; readonly subject: Identity['subject'] }
  | { readonly kind: 'claims'; readonly claims: unknown };

export interface ExplainRequest extends Pick<Identity, 'account' | 'issuer'> {
  readonly explained: Explained;
  /** A text: why there is none. */
  readonly service: Service | string;
  /** As at the login endpoint; absent: nothing is asked for. */
  readonly scope: string | undefined;
  /** Where the login comes from; undefined: it is in no network. */
  readonly address: string | undefined;
  /** Seconds since 1970; undefined: now. */
  readonly at: number | undefined;
}

/** Throws `invalid-request` for a scope that the login endpoint refuses as too long. */
export async function explain(ports: ExplainPorts, request: ExplainRequest): Promise<Explanation> {
  const { service, scope = '', address } = request;
  if (typeof service === 'string') {
    return {
      decision: 'refused',
      granted: [],
      steps: [{ check: 'service', result: 'failed', detail: service }],
    };
  }
  const now = request.at ?? toSeconds(ports.clock());
  const requested = parseScopes([scope]);
  const moment = { ...loginContext(service.name, requested), now, sourceAddress: address, client: undefined };
  const found = await find(ports, request, moment);
  const before = [...timeSteps(request), ...found.steps];
  const { principal } = found;
  if (principal === undefined) return { decision: 'refused', granted: [], steps: before };
  const login = decideLogin({ service, requested, principal }, { issuer: ports.issuer, jti: A_JTI, now });
  const { granted, denied } = login;
  const outcome = { requested, granted, denied, permissions: principal.permissions };
  const malformed = malformedSteps(scope);
  const steps = [...before, ...malformed, ...scopeSteps(outcome)];
  return { decision: decisionOf(outcome, malformed.length > 0), granted, steps };
}

/** Only how long it is can decide anything. */
const A_JTI = Buffer.alloc(JTI_BYTES).toString('base64url');

interface Found {
  /** Undefined: the login would be refused. */
  readonly principal: Principal | undefined;
  readonly steps: readonly Step[];
}

function find(
  ports: ExplainPorts,
  { explained, ...of }: ExplainRequest,
  moment: LoginMoment,
): Promise<Found> {
  switch (explained.kind) {
    case 'token':
      return findToken(ports, { handle: accountHandle(of.account), id: explained.id }, moment);
    case 'subject':
      return findIdentity(ports, { ...of, subject: explained.subject }, moment);
    case 'claims':
      return findWorkload(ports, { ...of, claims: explained.claims }, moment);
  }
}

/** Within the account, so that a token of another one is as unknown as none. It is judged by its present value. */
async function findToken(
  { store }: ExplainPorts,
  address: TokenAddress,
  moment: LoginMoment,
): Promise<Found> {
  const judged = (token: TokenRecord | undefined): Judgement =>
    token === undefined
      ? { usable: false, refusal: 'unknown' }
      : judgeGeneration(token, token.generation, moment);
  const found = await judgedToken(store, { address, judged }, moment);
  if ('refusal' in found) {
    return { principal: undefined, steps: [refusedToken(found.refusal, found.token, moment.sourceAddress)] };
  }
  return { principal: found.principal, steps: usableToken(found.token, moment) };
}

/** As with an API key of the subject. */
async function findIdentity(
  ports: ExplainPorts,
  { account, issuer, subject }: Pick<Identity, 'account' | 'issuer' | 'subject'>,
  moment: LoginMoment,
): Promise<Found> {
  const common = { kind: 'iamapikey', strength: 'strong', expiresAt: null, nonce: null } as const;
  const principal = await identityPrincipal(ports, { ...common, account, issuer, subject }, moment.now);
  return {
    principal: await withNamespaces(ports.store, principal, moment),
    steps: [...policySteps(subject, principal.roles), ...(await groupSteps(ports, account, issuer))],
  };
}

/** Only a proof of the caller says which groups it is in. */
async function groupSteps({ policies }: ExplainPorts, account: Account, issuer: string): Promise<Step[]> {
  const isGroup = { includes: (of: string) => isGroupOf(issuer, of) };
  const found = await policies.list(accountHandle(account), { subject: isGroup });
  if (found.length === 0) return [];
  const names = [...new Set(found.map(({ subject }) => subject))].slice(0, MAX_NAMED).join(', ');
  const detail = `Not counted, because only a login says which groups the caller is in: policies for ${names}.`;
  return [{ check: 'policy', result: 'note', detail }];
}

const MAX_NAMED = 5;

/** As with a token that the issuer has signed with these claims. What those of another account may do is not looked at. */
async function findWorkload(
  ports: ExplainPorts,
  { account, claims }: { readonly account: Account; readonly claims: unknown },
  moment: LoginMoment,
): Promise<Found> {
  const { workload, refusal } = ports.claims.read(claims, moment.now * 1000);
  const handle = accountHandle(account);
  const isOwn = workload?.handle === handle;
  const why = refusal ?? (isOwn ? undefined : 'they are of another account');
  const aud = isOwn ? '' : ` The aud must be ${workloadAudience(ports.issuer, handle)}.`;
  const first: Step =
    why === undefined
      ? { check: 'claims', result: 'passed', detail: `The claims are valid, and of ${workload?.subject}.` }
      : { check: 'claims', result: 'failed', detail: `The claims are refused: ${why}.${aud}` };
  if (workload === undefined) return { principal: undefined, steps: [first] };
  const trusts = isOwn ? await ports.trusts.list(handle, trustsFor(workload)) : [];
  const steps = isOwn ? [first, ...trustSteps(trusts, workload, moment)] : [first];
  if (refusal !== undefined) return { principal: undefined, steps };
  const principal = trustedPrincipal(workload, trusts, moment);
  return { principal: await withNamespaces(ports.store, principal, moment), steps };
}

function timeSteps({ at }: ExplainRequest): Step[] {
  if (at === undefined) return [];
  const detail = `Judged for ${toRfc3339(at)}, with what is stored now.`;
  return [{ check: 'time', result: 'note', detail }];
}

/** A login ignores a scope that it cannot read. */
function malformedSteps(scope: string): Step[] {
  const words = scope.split(' ').filter(word => word !== '' && parseScopes([word]).length === 0);
  return words.map(word => {
    const detail = `${JSON.stringify(word)} is ignored: a scope is written repository:NAME:ACTIONS.`;
    return { check: 'scope', result: 'failed', detail };
  });
}
