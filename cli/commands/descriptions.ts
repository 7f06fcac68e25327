/** What people know tokens, policies and trusts by, beside their identifiers. */
import type { Policy, Token, Trust } from '../../lib/api/responses.ts';
import { accessText, repositoriesText } from '../text.ts';

type Described<T, K extends keyof T> = Pick<T, K>;

/** `"build farm", to pull in team-a/app`. */
export function tokenText(token: Described<Token, 'access' | 'description' | 'repositories'>): string {
  const { description, access, repositories } = token;
  const what = `to ${accessText(access)} in ${repositoriesText(repositories)}`;
  return description === '' ? what : `${JSON.stringify(description)}, ${what}`;
}

/** `writer of team-a/* for dev:carol`. */
export function policyText(policy: Described<Policy, 'repositories' | 'role' | 'subject'>): string {
  return `${policy.role} of ${repositoriesText(policy.repositories)} for ${policy.subject}`;
}

/** `github repository_id=74, to pull in team-a/app`. */
export function trustText(trust: Described<Trust, 'access' | 'claims' | 'issuer' | 'repositories'>): string {
  const { issuer, claims, access, repositories } = trust;
  return `${issuer} ${claimsText(claims)}, to ${accessText(access)} in ${repositoriesText(repositories)}`;
}

/** `repository_id=74 ref=refs/heads/main`. */
export function claimsText(claims: Trust['claims']): string {
  return Object.entries(claims)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
