/** Fetches a credential in a format, as text. */
import type { World } from './world.ts';

/** Vends with a token of the administrator's account that may push, for every kind of credential. */
export async function vended({ pullpass }: World, wish: object): Promise<string> {
  const { token } = await pullpass.addToken({ access: 'push' });
  const response = await fetch(`${pullpass.url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(wish),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`No credential: ${response.status} ${text}`);
  return text;
}
