/** DynamoDB Local in a process of its own, with tables that are filled in batches. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type AwsCall, awsClient } from '../../lib/aws/client.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Item } from '../../lib/ports/table.ts';
import { freePort } from '../../test/e2e/support/ports.ts';
import { tool } from '../../test/e2e/support/tools.ts';
import { tableDefinition } from '../../test/support/table-definition.ts';
import { onCore } from './cores.ts';
import { answering } from './ports.ts';
import { onWire } from './world.ts';

const JARS = join(import.meta.dirname, '..', '..', '.build', 'tools', 'dynamodb-local');
const SERVER = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
const INSTALL = 'mvn -q -f test/engines/dynamodb-local/pom.xml dependency:copy-dependencies';
/** Of BatchWriteItem. */
const MOST_ITEMS = 25;
const AT_ONCE = 8;
/** DynamoDB Local is slow while it is cold. */
const LIMITS = { connectionMs: 2_000, requestMs: 20_000 } as const;

export interface DynamoDbLocal {
  readonly pid: number;
  readonly call: AwsCall;
  createTable(name: string): Promise<void>;
  putAll(table: string, items: readonly Item[]): Promise<void>;
  close(): Promise<void>;
}

/** Why it cannot be measured here; undefined: it can. */
export function lacksDynamoDbLocal(): string | undefined {
  return existsSync(JARS) ? undefined : `install DynamoDB Local with: ${INSTALL}`;
}

export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const port = await freePort();
  const options = [`-Djava.library.path=${JARS}`, '-cp', join(JARS, '*'), SERVER, '-inMemory'];
  const command = [tool('java'), ...options, '-disableTelemetry', '-port', `${port}`];
  const [file, parameters] = onCore('measured', command);
  const child = spawn(file, parameters, { stdio: 'ignore', env: { PATH: process.env.PATH } });
  const stop = () => void child.kill('SIGKILL');
  process.once('exit', stop);
  const endpoint = `http://127.0.0.1:${port}`;
  await answering(endpoint);
  const credentials = { accessKeyId: 'id', secretAccessKey: new Secret('secret'), sessionToken: undefined };
  const more = { clock: Date.now, randomBytes, limits: LIMITS };
  const call = awsClient('dynamodb', { region: 'us-east-1', endpoint, credentials, ...more });
  return {
    pid: child.pid ?? 0,
    call,
    createTable: async name => void (await call('CreateTable', tableDefinition(name))),
    putAll: (table, items) => putAll(call, table, items),
    close: async () => {
      process.off('exit', stop);
      const exited = once(child, 'exit');
      stop();
      await exited;
    },
  };
}

async function putAll(call: AwsCall, table: string, items: readonly Item[]): Promise<void> {
  const puts = items.map(item => ({ PutRequest: { Item: onWire(item) } }));
  let next = 0;
  const work = async () => {
    while (next < puts.length) {
      const batch = puts.slice(next, next + MOST_ITEMS);
      next += MOST_ITEMS;
      await call('BatchWriteItem', { RequestItems: { [table]: batch } });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
