/** Who a deployment takes a proof for. */
import * as v from 'valibot';
import { parseRegistryToken } from '../lib/domain/registry-token.ts';
import type { Broker } from './broker.ts';
import type { Proof } from './proof.ts';
import type { TargetService } from './target.ts';

const REPOSITORIES = v.nullable(v.array(v.string()));

export const IDENTITY = v.looseObject({
  kind: v.string(),
  issuer: v.string(),
  account: v.string(),
  subject: v.string(),
  strength: v.string(),
  expiresAt: v.nullable(v.string()),
  roles: v.array(
    v.object({
      role: v.string(),
      repositories: REPOSITORIES,
      source: v.union([v.string(), v.object({ policy: v.string() })]),
    }),
  ),
  workloadAudience: v.string(),
});
export type Identity = v.InferOutput<typeof IDENTITY>;

/** An IAM identity; or what is no identity but logs in to registries: a registry token, or a workload. */
export type Recognised =
  | { readonly kind: 'iam'; readonly identity: Identity }
  | { readonly kind: 'registry-token'; readonly id: string | undefined }
  | { readonly kind: 'workload' };

/** Asks the deployment. Throws a Failure when it does not accept the proof. */
export async function recognise(
  broker: Broker,
  proof: Proof,
  services: readonly TargetService[],
): Promise<Recognised> {
  if (proof.userName !== 'token' && proof.userName !== 'oidc') {
    return { kind: 'iam', identity: await broker.ask(IDENTITY, { path: '/v1/identity', proof }) };
  }
  // A login that asks for nothing: it is granted nothing, and says whether the secret is good.
  await broker.send({ path: '/oauth/token', query: { service: services[0]?.name }, proof });
  if (proof.userName === 'oidc') return { kind: 'workload' };
  return { kind: 'registry-token', id: parseRegistryToken(proof.password)?.id };
}

/** In a few words. */
export function describe(recognised: Recognised): string {
  switch (recognised.kind) {
    case 'iam':
      return `${recognised.identity.subject} of the account ${recognised.identity.account}`;
    case 'registry-token':
      return `the registry token ${recognised.id ?? ''}`.trim();
    case 'workload':
      return 'a workload of a build platform';
  }
}
