/** Roles of identities: from policies of their account, and from the configuration. */

import { type Action, EVERYTHING, PULL, PULL_AND_PUSH } from './access.ts';
import type { Permission } from './grant.ts';
import type { Group } from './groups.ts';
import type { Account, Subject } from './identifiers.ts';
import { type Administrator, type Identity, isAdministrator } from './identity.ts';
import type { Pattern } from './repository.ts';

export type Role = 'administrator' | 'manager' | 'reader' | 'writer';

export interface Policy {
  readonly account: Account;
  readonly id: string;
  /** `*`: every identity of the account; `group:<issuer>:<name>`: those that the issuer says are in the group. */
  readonly subject: Subject | Group | '*';
  readonly role: Role;
  /** null: every repository in the namespaces of the account. */
  readonly repositories: readonly Pattern[] | null;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly createdBy: Subject;
}

/** The most policies, and the most trusts, of an account: every login reads them. */
export const MAX_RULES = 500;

/** The most bytes of patterns and claims in them: what a login costs must not be an administrator's choice. */
export const MAX_RULE_BYTES = 64 * 1024;

const ACTIONS: Record<Role, ReadonlySet<Action>> = {
  reader: PULL,
  writer: PULL_AND_PUSH,
  manager: EVERYTHING,
  administrator: EVERYTHING,
};

/** A role of an identity, and where it comes from. */
export interface HeldRole {
  readonly role: Role;
  readonly repositories: readonly Pattern[] | null;
  readonly source: 'configuration' | { readonly policy: string; readonly group?: Group };
}

/** The roles of an identity. Policies of other accounts are ignored. */
export function rolesOf(
  identity: Pick<Identity, 'account' | 'groups' | 'subject'>,
  administrators: readonly Administrator[],
  policies: readonly Policy[],
): HeldRole[] {
  const configured: HeldRole[] = isAdministrator(identity, administrators)
    ? [{ role: 'administrator', repositories: null, source: 'configuration' }]
    : [];
  const groups: readonly string[] = identity.groups?.groups ?? [];
  const granted = policies
    .filter(({ account }) => account === identity.account)
    .flatMap(({ id, role, repositories, subject }): HeldRole[] => {
      if (subject === '*' || subject === identity.subject)
        return [{ role, repositories, source: { policy: id } }];
      if (!groups.includes(subject)) return [];
      return [{ role, repositories, source: { policy: id, group: subject as Group } }];
    });
  return [...configured, ...granted];
}

/** The group that makes an administrator; undefined: it is one without any. */
export function groupOfAdministrator(roles: readonly HeldRole[]): Group | undefined {
  const [first, ...others] = roles.filter(held => mayAdminister([held])).map(groupOfRole);
  return [first, ...others].every(group => group !== undefined) ? first : undefined;
}

export function groupOfRole({ source }: HeldRole): Group | undefined {
  return source === 'configuration' ? undefined : source.group;
}

/** What the roles allow in registries. */
export function permissionsOf(roles: readonly HeldRole[]): Permission[] {
  return roles.map(({ role, repositories }) => ({ repositories, actions: ACTIONS[role] }));
}

/** Whether the roles allow managing the account. */
export function mayAdminister(roles: readonly HeldRole[]): boolean {
  return roles.some(({ role, repositories }) => role === 'administrator' && repositories === null);
}

/** What is wrong with a policy that an administrator asks for; undefined: nothing. */
export function policyProblem({
  subject,
  role,
  repositories,
}: Pick<Policy, 'subject' | 'role' | 'repositories'>): string | undefined {
  if (subject === '*' && role !== 'reader' && role !== 'writer')
    return 'every identity may be reader or writer at most';
  if (role === 'administrator' && repositories !== null)
    return 'an administrator is one of the whole account';
  return undefined;
}
