/** Asks a deployment for a credential. */
import * as v from 'valibot';
import type { Access } from '../../lib/domain/access.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { CliError } from '../failure.ts';
import type { Session } from '../session.ts';

/** What is asked for; what is left out, the deployment decides. */
export interface Order {
  readonly access?: Access;
  readonly repositories?: readonly string[] | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly service?: string | undefined;
}

const CREDENTIAL = v.object({
  username: v.string(),
  password: v.pipe(
    v.string(),
    v.transform(text => new Secret(text)),
  ),
  registry: v.string(),
  access: v.picklist(['pull', 'push']),
  repositories: v.nullable(v.array(v.string())),
  expiresAt: v.string(),
});
export type VendedCredential = Readonly<v.InferOutput<typeof CREDENTIAL>>;

/** Who asks: a session, or anything that speaks to a deployment as somebody. */
type Asker = Pick<Session, 'ask'>;

/** A credential of exactly this kind. Throws a Failure with the deployment's reason when it gives none. */
export function vend(asker: Asker, order: Order): Promise<VendedCredential> {
  return asker.ask(CREDENTIAL, vendRequest(order));
}

/** A credential to push and pull with, or one to pull with where whoever asks may not push. */
export async function vendWidest(asker: Asker, order: Omit<Order, 'access'>): Promise<VendedCredential> {
  try {
    return await vend(asker, { ...order, access: 'push' });
  } catch (error) {
    if (!(error instanceof CliError) || error.details.code !== 'wider-than-parent') throw error;
    return vend(asker, { ...order, access: 'pull' });
  }
}

/** The request for a credential; members that are undefined are left out of it. */
export function vendRequest(order: Order & { readonly format?: string }) {
  return { method: 'POST', path: '/v1/credentials', json: order } as const;
}
