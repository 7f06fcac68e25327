/** The acts that are recorded before they are done. */

export const ACTS = [
  'add-token',
  'change-token',
  'rotate-token',
  'retrieve-value',
  'remove-token',
  'revoke-token',
  'end-credential',
  'register-namespace',
  'release-namespace',
  'add-policy',
  'remove-policy',
  'add-trust',
  'remove-trust',
  'set-rules',
] as const;

export type Act = (typeof ACTS)[number];
