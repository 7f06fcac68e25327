/** What a vended credential says, read without looking at its MAC. */

/** The members of its payload, in their order. */
export function payloadOf(password: string): unknown[] {
  const payload = password.slice(password.indexOf('.') + 1, -43);
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

export function jtiOf(password: string): string {
  return String(payloadOf(password)[0]);
}
