/** P7 on one machine: a login, a vend and a page of the list with 3 000, 100 000 and 1 000 000 tokens in the store of `npm start`. */
import { join } from 'node:path';
import { type Cost, compare, ratio, type Subject } from '../support/compare.ts';
import { administratorToken, fill, type LocalProcess, startLocal } from '../support/local-process.ts';
import { get, loginRequest, vendRequest } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { openWorld } from '../support/world.ts';

const COUNTS = [3_000, 100_000, 1_000_000] as const;
/** The account of the development administrator: all tokens lie in one partition, which is the worst case. */
const ACCOUNT = 'dev:dev';
const ROUNDS = 9;
const MOST = 1.05;
const OPERATIONS = ['login', 'vend', 'list'] as const;

type Operation = (typeof OPERATIONS)[number];

export async function* scale(): AsyncGenerator<Row> {
  const world = await openWorld();
  const stores: Filled[] = [];
  for (const count of COUNTS) stores.push(await filled(join(world.directory, `${count}`), count));
  for (const operation of OPERATIONS) {
    const subjects = stores.map(({ count, subjects: of }) => [`${count}`, of[operation]]);
    yield* rowsOf(operation, await compare<string>(Object.fromEntries(subjects), ROUNDS));
  }
  await Promise.all(stores.map(({ process }) => process.close()));
  await world.close();
}

function* rowsOf(operation: Operation, costs: Readonly<Record<string, Cost>>): Generator<Row> {
  const [few, ...more] = COUNTS;
  for (const many of more) {
    const [over, under] = [costs[many], costs[few]];
    if (over === undefined || under === undefined) continue;
    const what = `SQLite: ${operation} with ${many.toLocaleString('en')} tokens to ${few.toLocaleString('en')}`;
    yield row('P7', `${what}, CPU`, { value: ratio(over, under), atMost: MOST });
    yield row('', `${what}, p50`, { value: ratio(over, under, 'p50') });
  }
}

interface Filled {
  readonly count: number;
  readonly process: LocalProcess;
  readonly subjects: Readonly<Record<Operation, Subject>>;
}

async function filled(data: string, count: number): Promise<Filled> {
  const values = await fill(data, ACCOUNT, count);
  const server = await startLocal(data);
  const bearer = `Bearer ${await administratorToken(server, data)}`;
  return {
    count,
    process: server,
    subjects: {
      login: { server, requests: values.map(loginRequest) },
      // A token may vend so many times a minute.
      vend: { server, requests: values.map(vendRequest), operations: 500 },
      list: { server, requests: [get('/v1/tokens?limit=50', bearer)] },
    },
  };
}
