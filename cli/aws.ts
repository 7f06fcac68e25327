/** Passwords for the user name `awsiam`: presigned requests for GetCallerIdentity, each for one deployment. */
import { randomInt } from 'node:crypto';
import type { Agent } from 'node:https';
import { parseArgs } from 'node:util';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { Secret } from '../lib/domain/secret.ts';
import { SERVER_ID_HEADER, stsHostOf } from '../lib/iam/aws-assertion.ts';
import { CliError, detailsOf, messageOf, UsageError } from './errors.ts';
import type { Io } from './io.ts';
import type { Network } from './network.ts';
import { linesOf } from './printer.ts';

/**
 * How long an assertion is valid to AWS, in seconds; the deployment accepts it for the first five minutes. The number is
 * random because AWS signs whole seconds: two equal assertions would be one, which manages only once.
 */
const LIFE_SECONDS = { min: 300, max: 900 } as const;

const TIME_LIMITS = { connectionTimeout: 5_000, requestTimeout: 10_000 } as const;

const USAGE = `usage: npm run --silent aws-proof -- --url https://pullpass.example.com [--region eu-central-1]

Prints a password for the user name awsiam. It is valid for that deployment and for five minutes.
  --url     the PULLPASS_URL of the deployment
  --region  the region whose STS is asked; by default AWS_REGION, AWS_DEFAULT_REGION or us-east-1
The AWS credentials are those that the AWS command line would take: AWS_PROFILE, AWS_ACCESS_KEY_ID, ...`;

/**
 * A fresh assertion for the deployment with exactly this `PULLPASS_URL`, with the AWS credentials that the AWS command
 * line would take. Throws CliError when there are none. Nothing is sent.
 */
export async function awsAssertion(
  publicUrl: string,
  region: string,
  { nowMs, network }: { readonly nowMs: number; readonly network: Network },
): Promise<Secret> {
  const host = stsHostOf(region);
  if (host === undefined) throw new CliError(`Unknown AWS region ${region}.`);
  const credentials = await awsCredentials(network.agentFor(new URL(`https://${host.name}`)));
  const signer = new SignatureV4({ credentials, region: host.region, service: 'sts', sha256: Sha256 });
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: host.name,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: host.name, [SERVER_ID_HEADER]: publicUrl },
  };
  const expiresIn = randomInt(LIFE_SECONDS.min, LIFE_SECONDS.max + 1);
  const signed = await signer.presign(request, { expiresIn, signingDate: new Date(nowMs) });
  const parameters = Object.entries(signed.query ?? {});
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return new Secret(`https://${host.name}/?${query}`);
}

/** `npm run aws-proof`: prints an assertion. Answers the exit code, and throws nothing. */
export async function printAwsAssertion(
  args: readonly string[],
  { environment, stdout, stderr, clock }: Io,
): Promise<number> {
  try {
    const { publicUrl, region } = readArguments(args, environment.awsRegion);
    await stdout.line(
      (await awsAssertion(publicUrl, region, { nowMs: clock(), network: environment.network })).reveal(),
    );
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const { next } = detailsOf(error);
    const advice = isUsage ? ['', ...linesOf(USAGE)] : next === undefined ? [] : [next];
    await stderr.lines([messageOf(error), ...advice]);
    return isUsage ? 2 : 1;
  }
}

/** `agent`: a proxy is in between, for what AWS has to be asked for. */
async function awsCredentials(agent: Agent | undefined) {
  try {
    const requestHandler = agent && new NodeHttpHandler({ httpsAgent: agent, ...TIME_LIMITS });
    return await defaultProvider(requestHandler && { clientConfig: { requestHandler } })();
  } catch (error) {
    throw new CliError(`No AWS credentials were found: ${messageOf(error)}.`, {
      next: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run this where a role is attached.',
      cause: error,
    });
  }
}

function readArguments(
  args: readonly string[],
  defaultRegion: string,
): { readonly publicUrl: string; readonly region: string } {
  const { url = '', region = defaultRegion } = parse(args);
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol) || base.href !== `${base.origin}/`) {
    throw new UsageError('--url must be the base URL of a deployment: http or https, without a path.');
  }
  if (stsHostOf(region) === undefined) {
    throw new UsageError(`Unknown AWS region ${region}; use --region to name one.`);
  }
  return { publicUrl: base.origin, region };
}

function parse(args: readonly string[]) {
  try {
    const options = { url: { type: 'string' }, region: { type: 'string' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
