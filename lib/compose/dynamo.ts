import { type AwsCall, awsClient, counted } from '../aws/client.ts';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../ports/system.ts';
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
