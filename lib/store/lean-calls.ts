/** The calls of a login over the lean client: what the SDK does to items on the way, as far as they need it. */
import type { BatchGetItemCommandOutput, QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import type { AwsCall } from '../aws/client.ts';
import type { LoginCalls } from './login-store.ts';
import type { Query } from './query.ts';

type Wire = Record<string, { B?: string | Uint8Array }>;

/** The inputs of a login hold no bytes, which JSON has no form for; what it reads does. */
export function leanLoginCalls(call: AwsCall): LoginCalls {
  return {
    async batchGetItem(input) {
      const answer = (await call('BatchGetItem', input)) as BatchGetItemCommandOutput;
      for (const items of Object.values(answer.Responses ?? {})) items.forEach(decodeBytes);
      return answer;
    },
    updateItem: (input, signal) => call('UpdateItem', input, signal),
  };
}

/** For items that hold no bytes. */
export function leanQuery(call: AwsCall): Query {
  return async input => (await call('Query', input)) as QueryCommandOutput;
}

/** Bytes travel in base64. They stand in attributes of our items, never in lists within. */
function decodeBytes(item: Wire): void {
  for (const value of Object.values(item)) {
    if (typeof value.B === 'string') value.B = Buffer.from(value.B, 'base64');
  }
}
