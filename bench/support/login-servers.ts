/** Our login and its baseline beside a canned DynamoDB, ready to be driven. */

import { loginRequest } from './requests.ts';
import { type Server, startServer } from './server.ts';
import { claimItem, onWire, openWorld, tokenItem } from './world.ts';

export interface LoginServers {
  /** For files. */
  readonly directory: string;
  /** Where a canned read is answered. */
  readonly readUrl: string;
  /** A registry token, and a login with it. */
  readonly value: string;
  readonly request: string;
  /** For the functions. */
  readonly environment: Readonly<Record<string, string>>;
  /** With these options of Node; absent: none. */
  start(name: 'baseline' | 'credentials' | 'login' | 'registry', nodeOptions?: string): Promise<Server>;
  close(): Promise<void>;
}

const ACCOUNT = 'dev:acme';

/** A registry token, and what DynamoDB answers to a login with it. */
export function cannedAnswers() {
  const { value, item } = tokenItem(ACCOUNT);
  return {
    value,
    answers: {
      BatchGetItem: {
        Responses: { pullpass: [onWire(item), onWire(claimItem(ACCOUNT))] },
        UnprocessedKeys: {},
      },
      // Of the baseline a token; of the function, which asks whose the table is, an item that has the same id as the table.
      GetItem: { Item: onWire({ ...item, at: Date.now() }) },
      DescribeTable: { Table: { TableId: item.id } },
      UpdateItem: {},
    },
  };
}

/** With these members of its service in addition, as the services file has them, and these answers of DynamoDB. */
export async function openLoginServers(service: object = {}, more: object = {}): Promise<LoginServers> {
  const world = await openWorld(service);
  const { value, answers } = cannedAnswers();
  const parameters = [JSON.stringify({ ...answers, ...more })];
  const canned = await startServer('canned', { role: 'driving', parameters });
  const readUrl = `http://127.0.0.1:${canned.port}`;
  // With a stage the function writes its figures, as on AWS.
  const environment = { ...world.environment, AWS_ENDPOINT_URL_DYNAMODB: readUrl, PULLPASS_STAGE: 'bench' };
  return {
    directory: world.directory,
    readUrl,
    value,
    request: loginRequest(value),
    environment,
    start: (name, nodeOptions = '') =>
      name === 'baseline'
        ? startServer(name, { folder: 'peers', environment })
        : startServer('function', {
            environment: { ...environment, NODE_OPTIONS: nodeOptions },
            parameters: [name],
          }),
    close: async () => {
      await canned.close();
      await world.close();
    },
  };
}
