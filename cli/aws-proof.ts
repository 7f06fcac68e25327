/** `npm run --silent aws-proof -- --url URL [--region REGION]`: prints a password for the user name `awsiam`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type StsHost, stsHostOf } from '../lib/iam/aws-hosts.ts';
import { awsCredentials } from './aws-credentials.ts';
import { PROOF_LIFE_SECONDS, signProof } from './sign-proof.ts';
import { messageOf } from './text.ts';

const USAGE = `usage: npm run --silent aws-proof -- --url https://pullpass.example.com [--region eu-central-1]

Prints a password for the user name awsiam. It is good for that deployment and for five minutes.
  --url     the PULLPASS_URL of the deployment
  --region  the region whose STS is asked; by default AWS_REGION, AWS_DEFAULT_REGION or us-east-1
The AWS credentials are those that the AWS command line would take: AWS_PROFILE, AWS_ACCESS_KEY_ID, ...`;

const DEFAULT_REGION = 'us-east-1';

/** A mistake in how the command was called. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

try {
  const { publicUrl, host } = readArguments(process.argv.slice(2), process.env);
  const credentials = await awsCredentials();
  const lifeSeconds = randomInt(PROOF_LIFE_SECONDS.min, PROOF_LIFE_SECONDS.max + 1);
  console.log(await signProof({ publicUrl, host, credentials, lifeSeconds, nowMs: Date.now() }));
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${USAGE}` : messageOf(error));
  process.exitCode = isUsage ? 2 : 1;
}

function readArguments(args: string[], env: NodeJS.ProcessEnv): { publicUrl: string; host: StsHost } {
  const { url = '', region } = parse(args);
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol) || base.href !== `${base.origin}/`) {
    throw new UsageError('--url must be the base URL of a deployment: http or https, without a path.');
  }
  const name = region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? DEFAULT_REGION;
  const host = stsHostOf(name);
  if (host === undefined) throw new UsageError(`Pullpass knows no region ${name}; name one with --region.`);
  return { publicUrl: base.origin, host };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: { url: { type: 'string' }, region: { type: 'string' } } }).values;
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
