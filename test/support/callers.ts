/** A deployment with issuers of every kind, and callers of every kind that it may or may not know. */

import { accountHandle } from '../../lib/domain/identifiers.ts';
import { ACCOUNT as AWS_NUMBER, FARM, LoopbackSts, proofOf } from '../iam/loopback-sts.ts';
import { type Deployment, deploy } from './deployment.ts';
import type { Received, Sent } from './events.ts';
import { audienceOf, openGitHub, openIam, type TestIssuer } from './platforms.ts';

export const AWS_ROLE = `arn:aws:iam::${AWS_NUMBER}:role/builder`;
/** The accounts of this world: two of one IAM, their namesake at another, one that only has weak proofs, and AWS's. */
export const ACCOUNTS = [
  'dev:acme',
  'dev:rival',
  'other:acme',
  'weak:acme',
  `aws:aws:${AWS_NUMBER}`,
] as const;
export type AnAccount = (typeof ACCOUNTS)[number];

export interface World {
  readonly deployment: Deployment;
  readonly other: TestIssuer;
  readonly weak: TestIssuer;
  readonly github: TestIssuer;
  readonly sts: LoopbackSts;
  /** Sends as the administrator whom the configuration names for an account. */
  asAdministratorOf(account: AnAccount): (line: string, sent?: Sent) => Promise<Received>;
  /** A proof of the role in AWS that was not used yet. */
  freshProof(): Promise<string>;
  close(): Promise<void>;
}

/** Replayable proofs are let in as far as an operator can let them in. */
export async function openWorld(environment: Readonly<Record<string, string>> = {}): Promise<World> {
  const [other, github, sts] = [await openIam(), await openGitHub(), await new LoopbackSts().open()];
  const weak = await openIam('weak', { audience: 'none:https://weak.example/identity' });
  const aws = { key: 'aws', kind: 'aws', endpoint: sts.url };
  const administrators = [
    ...['dev:acme:alice', 'dev:rival:bob', 'other:acme:alice', 'weak:acme:alice'],
    `aws:aws:${AWS_NUMBER}:${AWS_ROLE}`,
  ];
  const deployment = await deploy({
    issuers: [other.entry, weak.entry, github.entry, aws],
    environment: {
      PULLPASS_ADMINISTRATORS: administrators.join(' '),
      PULLPASS_WEAK_MANAGEMENT: 'accept-replay',
      ...environment,
    },
  });
  let proofs = 0;
  // Proofs of one second differ by how long they live.
  const freshProof = () => {
    const [expiresIn, earlier] = [300 + (proofs % 600), Math.floor(proofs / 600)];
    proofs++;
    return proofOf(FARM, { expiresIn, signedAtMs: Date.now() - earlier * 1000 });
  };
  const proofOfAdministrator: Record<AnAccount, () => Promise<Sent>> = {
    'dev:acme': async () => ({ basic: ['iamapikey', await deployment.apiKeyOf('acme:alice')] }),
    'dev:rival': async () => ({ basic: ['iamapikey', await deployment.apiKeyOf('rival:bob')] }),
    'other:acme': async () => ({ bearer: other.token() }),
    'weak:acme': async () => ({ bearer: weak.token({ aud: undefined }) }),
    [`aws:aws:${AWS_NUMBER}`]: async () => ({ basic: ['awsiam', await freshProof()] }),
  };
  return {
    deployment,
    other,
    weak,
    github,
    sts,
    freshProof,
    asAdministratorOf: account => async (line, sent) =>
      deployment.send(line, { ...(await proofOfAdministrator[account]()), ...sent }),
    close: async () => {
      await deployment.close();
      for (const { server } of [other, weak, github]) await server.close();
      await sts.close();
    },
  };
}

/** A token of GitHub for an account. */
export function workloadToken({ github }: World, account: AnAccount): string {
  return github.token({ aud: audienceOf(account) });
}

/** A namespace of its own for each account. */
export function namespaceOf(account: AnAccount): string {
  return `of-${accountHandle(account)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, 'x')}`;
}
