/** The management function with our own client of DynamoDB in place of the SDK, so that what is measured is its own work. */
import { awsClient } from '../../lib/aws/client.ts';
import { createManagement } from '../../lib/compose/management.ts';
import { processWorld } from '../../lib/compose/world.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { dynamoTable } from '../../lib/store/dynamo-table.ts';

const world = processWorld();
const { clock, randomBytes, environment } = world;
const send = awsClient('dynamodb', {
  region: 'local',
  endpoint: environment.AWS_ENDPOINT_URL_DYNAMODB,
  credentials: { accessKeyId: 'id', secretAccessKey: new Secret('secret'), sessionToken: undefined },
  clock,
  randomBytes,
});
export const handler = createManagement({
  ...world,
  table: dynamoTable('pullpass', { bytes: 'base64', send }),
});
await world.prepared();
