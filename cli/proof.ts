import type { Secret } from '../lib/domain/secret.ts';

export interface Proof {
  readonly userName: 'awsiam' | 'iambearer' | 'iamrefresh' | 'oidc' | 'token';
  readonly password: Secret;
}

/** The `Authorization` of a proof, the same at every route (RFC 7617). */
export function basic({ userName, password }: Proof): string {
  return `Basic ${Buffer.from(`${userName}:${password.reveal()}`).toString('base64')}`;
}
