/** DynamoDB without the SDK, as a function reaches it; every call is counted. */
import { type AwsCall, awsClient } from '../aws/call.ts';
import { counted } from '../aws/counted.ts';
import type { Config } from '../config.ts';
import type { Metrics } from '../ports.ts';
import { clock, randomBytes } from './system.ts';

export const DYNAMO_SETTINGS = [
  'region',
  'dynamoEndpoint',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
] as const;

export function composeDynamo(config: Config<(typeof DYNAMO_SETTINGS)[number]>, metrics: Metrics): AwsCall {
  const { region, dynamoEndpoint: endpoint, ...credentials } = config;
  const call = awsClient('dynamodb', { region, endpoint, credentials, clock, randomBytes });
  return (...request) => counted(metrics, () => call(...request));
}
