/** P7 as on AWS: what a login reads, and a page of the list, with 3 000 and 100 000 tokens of one account in DynamoDB Local. */
import { randomBytes } from 'node:crypto';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { toSeconds } from '../../lib/domain/time.ts';
import { dynamoTable } from '../../lib/store/dynamo-table.ts';
import { loginStore } from '../../lib/store/login-store.ts';
import { tokenStore } from '../../lib/store/token-store.ts';
import { type DynamoDbLocal, lacksDynamoDbLocal, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { batches } from '../support/local-process.ts';
import { cpuMs } from '../support/proc.ts';
import { missing, type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';
import { claimItem } from '../support/world.ts';

const [FEW, MANY] = [3_000, 100_000] as const;
const ACCOUNT = 'dev:dev';
const ROUNDS = 25;
/** In each round of each table. */
const CALLS = { login: 150, list: 15 } as const;
const WARM_UP_ROUNDS = 8;

type Operation = keyof typeof CALLS;
type Calls = Readonly<Record<Operation, (index: number) => Promise<unknown>>>;

export async function* engine(): AsyncGenerator<Row> {
  const lacking = lacksDynamoDbLocal();
  if (lacking !== undefined) {
    yield missing('P7', 'DynamoDB Local: login and list', lacking);
    return;
  }
  const local = await startDynamoDbLocal();
  const few = await callsOf(local, 'few', FEW);
  const many = await callsOf(local, 'many', MANY);
  for (const operation of Object.keys(CALLS) as Operation[]) {
    const rounds: { ms: number; cpu: number }[] = [];
    for (let i = 0; i < WARM_UP_ROUNDS + ROUNDS; i++) {
      const under = await round(local, operation, few);
      const over = await round(local, operation, many);
      rounds.push({ ms: over.ms / under.ms, cpu: over.cpu / under.cpu });
    }
    const warm = rounds.slice(WARM_UP_ROUNDS);
    const what = `DynamoDB Local: ${operation} with 100,000 tokens to 3,000`;
    yield row('P7', `${what}, CPU of the engine`, {
      value: median(warm.map(({ cpu }) => cpu)),
      atMost: 1.05,
    });
    yield row('', `${what}, latency`, { value: median(warm.map(({ ms }) => ms)) });
  }
  await local.close();
}

/** A vend reads what a login reads. */
async function callsOf(local: DynamoDbLocal, name: string, count: number): Promise<Calls> {
  await local.createTable(name);
  const values: string[] = [];
  for (const items of batches(ACCOUNT, count, values)) await local.putAll(name, items);
  await local.putAll(name, [claimItem(ACCOUNT)]);
  const table = dynamoTable(name, { bytes: 'base64', send: local.call });
  const logins = loginStore({ table, randomBytes });
  const tokens = tokenStore({ table, randomBytes });
  const addresses = values.map(value => parseRegistryToken(new Secret(value)));
  return {
    login: async index => {
      const token = addresses[index % addresses.length];
      if (token === undefined) throw new Error('a value is no token');
      const found = await logins.read({ token, namespaces: ['team-a'] });
      if (found.token === undefined || found.claims.length !== 1) throw new Error('the read did not answer');
    },
    list: async () => {
      const { records } = await tokens.list(ACCOUNT, { limit: 50, now: toSeconds(Date.now()) });
      if (records.length !== 50) throw new Error(`a page of ${records.length}`);
    },
  };
}

async function round({ pid }: DynamoDbLocal, operation: Operation, calls: Calls) {
  const [cpu, begun] = [cpuMs(pid), performance.now()];
  for (let i = 0; i < CALLS[operation]; i++) await calls[operation](i);
  return { cpu: cpuMs(pid) - cpu, ms: performance.now() - begun };
}
