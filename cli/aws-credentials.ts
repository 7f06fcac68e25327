/** The AWS credentials of whoever runs the command, as the AWS command line would find them. */
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { AwsCredentials } from './sign-proof.ts';
import { messageOf } from './text.ts';

const HINT =
  'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run this where a role is attached.';

/** Throws when there are none, saying where they are looked for. */
export async function awsCredentials(): Promise<AwsCredentials> {
  try {
    return await defaultProvider()();
  } catch (error) {
    throw new Error(`No AWS credentials were found: ${messageOf(error)}.\n${HINT}`, { cause: error });
  }
}
