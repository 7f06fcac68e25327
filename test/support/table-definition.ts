/** The one table: two string keys, no secondary index, capacity on demand. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/**
 * What `CreateTable` is given. Time to live, on the attribute `expiresAt`, is set in a call of its own; the embedded
 * engine lacks it, and nothing depends on it.
 */
export function tableDefinition(name: string): CreateTableCommandInput {
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  };
}
