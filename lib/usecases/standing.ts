/** Who someone turned out to be at a login, and what that allows. */
import { actionsOf } from '../domain/access.ts';
import type { Account } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import type { Permission } from '../domain/grant.ts';
import type { Identity } from '../domain/identity.ts';
import type { NamespaceClaim } from '../domain/namespace-claim.ts';
import { type HeldRole, permissionsOf } from '../domain/policy.ts';
import { hashRegistryToken, parseRegistryToken } from '../domain/registry-token.ts';
import type { Secret } from '../domain/secret.ts';
import { judge, type TokenRecord } from '../domain/token-record.ts';
import { covers, permissionOf, type Trust, type Workload } from '../domain/trust.ts';
import type { LoginStore, RuleStore } from '../ports.ts';

export interface StandingPorts {
  readonly store: LoginStore;
  readonly trusts: Pick<RuleStore<Trust>, 'list'>;
}

/** Who logs in. Identities and workloads were recognised by the shared middleware. */
export type LoginCaller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'token'; readonly secret: Secret }
  | { readonly kind: 'identity'; readonly identity: Identity; readonly roles: readonly HeldRole[] }
  | { readonly kind: 'workload'; readonly workload: Workload };

export interface Standing {
  /** `token:<id>`, or the subject; empty when anonymous. */
  readonly subject: string;
  readonly account: Account | undefined;
  readonly permissions: readonly Permission[];
  readonly claims: readonly NamespaceClaim[];
  /** When the secret ends, in seconds since 1970; null: not by itself. */
  readonly endsAt: number | null;
}

/** Which namespaces the login is about, and when it is, in seconds since 1970. */
export interface Occasion {
  readonly namespaces: readonly string[];
  readonly now: number;
}

/** Claims that the first read fetches along with the token: an unproven secret may not cost more. */
const FIRST_CLAIMS = 8;
const NOBODY: Standing = { subject: '', account: undefined, permissions: [], claims: [], endsAt: null };

/** The standing of a caller. Throws `unauthenticated` for a registry token that is not good. */
export async function standingOf(
  ports: StandingPorts,
  caller: LoginCaller,
  occasion: Occasion,
): Promise<Standing> {
  switch (caller.kind) {
    case 'anonymous':
      return NOBODY;
    case 'token':
      return tokenStanding(ports, caller.secret, occasion);
    case 'identity':
      return identityStanding(ports, caller, occasion);
    case 'workload':
      return workloadStanding(ports, caller.workload, occasion);
  }
}

async function tokenStanding(
  { store }: StandingPorts,
  secret: Secret,
  { namespaces, now }: Occasion,
): Promise<Standing> {
  const address = parseRegistryToken(secret);
  if (address === undefined) throw refused('malformed');
  const first = await store.read(address, namespaces.slice(0, FIRST_CLAIMS));
  const { token, removed } = first;
  const judgement = judge(token, hashRegistryToken(secret), now);
  if (!judgement.usable) throw refused(removed ? 'removed' : judgement.refusal, address.id);
  if (token === undefined) throw refused('unknown', address.id);
  const rest = await store.read(undefined, namespaces.slice(FIRST_CLAIMS));
  await store.touch(token, now);
  return {
    subject: `token:${token.id}`,
    account: token.account,
    permissions: [{ repositories: token.repositories, actions: actionsOf(token.access) }],
    claims: [...first.claims, ...rest.claims],
    endsAt: endOf(token, judgement.generation),
  };
}

/** A value in its grace ends with the grace, or with the token. */
function endOf({ generation, previous, expiresAt }: TokenRecord, presented: number): number | null {
  if (presented === generation || previous === null) return expiresAt;
  return expiresAt === null ? previous.expiresAt : Math.min(previous.expiresAt, expiresAt);
}

async function identityStanding(
  { store }: StandingPorts,
  { identity, roles }: { identity: Identity; roles: readonly HeldRole[] },
  { namespaces }: Occasion,
): Promise<Standing> {
  const { subject, account, expiresAt } = identity;
  const { claims } = await store.read(undefined, roles.length === 0 ? [] : namespaces);
  return { subject, account, permissions: permissionsOf(roles), claims, endsAt: expiresAt };
}

/** What a workload gets ends with its token, and no later than any of the trusts that it stems from allows. */
async function workloadStanding(
  { store, trusts }: StandingPorts,
  workload: Workload,
  { namespaces, now }: Occasion,
): Promise<Standing> {
  const { subject, handle, expiresAt } = workload;
  const covering = (await trusts.list(handle)).filter(trust => covers(trust, workload));
  const [first] = covering;
  if (first === undefined) return { ...NOBODY, subject, endsAt: expiresAt };
  const { claims } = await store.read(undefined, namespaces);
  const lifetime = Math.min(...covering.map(({ lifetimeSeconds }) => lifetimeSeconds));
  return {
    subject,
    account: first.account,
    permissions: covering.map(permissionOf),
    claims,
    endsAt: Math.min(expiresAt, now + lifetime),
  };
}

function refused(why: string, id?: string): PullpassError {
  return new PullpassError('unauthenticated', {
    reason: id === undefined ? `token: ${why}` : `token ${id}: ${why}`,
  });
}
