/** The groups that an IAM says a caller is in, and the subjects that policies have for them. */

import { isIdentifierValue, qualify } from './identifiers.ts';

/** No issuer has this key, so that none can name a group of another. */
export const GROUP_KEY = 'group';

/** More would make every login of the caller dearer, and are a sign of a claim that holds something else. */
export const MAX_GROUPS = 50;

/** `group:<issuer>:<name>`. */
export type Group = `group:${string}:${string}`;

/** What a token says of its caller's groups. */
export interface GroupsClaim {
  readonly groups: readonly Group[];
  /** Why none of them counts; absent: they do. */
  readonly ignored?: string;
}

const NONE: GroupsClaim = { groups: [] };

/** Undefined: policies cannot name a group like that, for its characters or its length. */
export function groupOf(issuer: string, name: unknown): Group | undefined {
  const isNameable = isIdentifierValue(name) && isIdentifierValue(qualify(issuer, name));
  return isNameable ? `${GROUP_KEY}:${issuer}:${name}` : undefined;
}

/** Whether a policy's subject is a group of the issuer. */
export function isGroupOf(issuer: string, subject: string): subject is Group {
  return subject.startsWith(`${GROUP_KEY}:${issuer}:`);
}

/**
 * The groups in a claim. Of too many none counts: which of them would be left out is not for us to choose. The same
 * where the claim is no list.
 */
export function groupsIn(claim: unknown, issuer: string): GroupsClaim {
  if (claim === undefined) return NONE;
  if (!Array.isArray(claim)) return { ...NONE, ignored: 'the groups claim is not a list' };
  if (claim.length > MAX_GROUPS)
    return { ...NONE, ignored: `${claim.length} groups, more than ${MAX_GROUPS}` };
  const named = claim.map(name => groupOf(issuer, name)).filter(group => group !== undefined);
  return { groups: [...new Set(named)] };
}
