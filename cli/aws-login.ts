/** Proofs for AWS logins. Loaded only where there is one: it brings the AWS SDK along. */
import { randomInt } from 'node:crypto';
import { Secret } from '../lib/domain/secret.ts';
import { stsHostOf } from '../lib/iam/aws-hosts.ts';
import { awsCredentials } from './aws-credentials.ts';
import { CliError } from './failure.ts';
import { PROOF_LIFE_SECONDS, signProof } from './sign-proof.ts';

/** A fresh proof for the deployment with this `PULLPASS_URL`. Throws a Failure without AWS credentials. */
export async function awsProof(publicUrl: string, region: string, nowMs: number): Promise<Secret> {
  const host = stsHostOf(region);
  if (host === undefined) throw new CliError(`Pullpass knows no AWS region ${region}.`);
  const credentials = await awsCredentials().catch((error: Error) => {
    throw new CliError(error.message, { cause: error });
  });
  const lifeSeconds = randomInt(PROOF_LIFE_SECONDS.min, PROOF_LIFE_SECONDS.max + 1);
  return new Secret(await signProof({ publicUrl, host, credentials, lifeSeconds, nowMs }));
}
