/** Makes a password for the user name `awsiam`: a presigned request for GetCallerIdentity, for one deployment. */
import type { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { SERVER_ID_HEADER } from '../lib/iam/aws-assertion.ts';
import type { StsHost } from '../lib/iam/aws-hosts.ts';

/**
 * How long a proof may be made for, in seconds: the deployment counts the first five minutes. AWS signs in whole
 * seconds, so that proofs of the same second are one, which manages once, unless they differ in this.
 */
export const PROOF_LIFE_SECONDS = { min: 300, max: 900 } as const;

export type AwsCredentials = Awaited<ReturnType<ReturnType<typeof defaultProvider>>>;

export interface ProofRequest {
  /** `PULLPASS_URL` of the deployment that the proof is for, to the letter. */
  readonly publicUrl: string;
  readonly host: StsHost;
  readonly credentials: AwsCredentials;
  readonly lifeSeconds: number;
  readonly nowMs: number;
}

/** The URL that is the password. Nothing is sent anywhere. */
export async function signProof({
  publicUrl,
  host,
  credentials,
  lifeSeconds,
  nowMs,
}: ProofRequest): Promise<string> {
  const signer = new SignatureV4({ credentials, region: host.region, service: 'sts', sha256: Sha256 });
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: host.name,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: host.name, [SERVER_ID_HEADER]: publicUrl },
  };
  const signed = await signer.presign(request, {
    expiresIn: lifeSeconds,
    signingDate: new Date(nowMs),
  });
  const parameters = Object.entries(signed.query ?? {});
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return `https://${host.name}/?${query}`;
}
