/** What an access token says, read without looking at its signature. */
import type { AccessTokenClaims } from '../../lib/domain/access-token.ts';
import type { Received } from './events.ts';

export function claimsOf({ json }: Received): AccessTokenClaims {
  const [, payload = ''] = String(json.token).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

/** The grant of a login, a scope for each repository. */
export function grantOf(answer: Received): string[] {
  return claimsOf(answer).access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`);
}
