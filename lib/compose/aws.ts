import { type AwsCall, type AwsService, awsClient } from '../aws/client.ts';
import { type Secrets, secretsManager } from '../aws/secrets.ts';
import { readConfig } from '../config/config.ts';
import { clock, randomBytes } from './system.ts';

/** The variables that Lambda gives to its functions. */
const CREDENTIAL_SETTINGS = ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const;

type EndpointSetting = 'dynamoEndpoint' | 'kmsEndpoint' | 'secretsEndpoint' | 'eventsEndpoint';

const ENDPOINTS = {
  dynamodb: 'dynamoEndpoint',
  kms: 'kmsEndpoint',
  secretsManager: 'secretsEndpoint',
  eventBridge: 'eventsEndpoint',
} as const satisfies Record<AwsService, EndpointSetting>;

/** A caller of that service in a region. Throws ConfigurationError without credentials: only who calls AWS needs them. */
export function composeAws(service: AwsService, region: string): AwsCall {
  const setting: EndpointSetting = ENDPOINTS[service];
  const config = readConfig([...CREDENTIAL_SETTINGS, setting]);
  const { accessKeyId, secretAccessKey, sessionToken } = config;
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  return awsClient(service, { region, endpoint: config[setting], credentials, clock, randomBytes });
}

/** The secrets of a region. */
export function composeSecrets(region: string): Secrets {
  return secretsManager(composeAws('secretsManager', region), randomBytes);
}
