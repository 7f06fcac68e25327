/**
 * The DynamoDB operations that Pullpass uses, carried out by dynalite's own parts on a LevelDB directory. Its HTTP
 * server is left out: that one throws on an aborted body and on a closed database, which ends the process.
 */
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { create } from 'dynalite/db/index.js';
import { checkTypes, checkValidations, toLowerFirst } from 'dynalite/validations/index.js';

/** What DynamoDB would answer: a status and the JSON body. */
interface DynamoAnswer {
  readonly status: number;
  readonly body: object;
}

export interface Dynamo {
  /** Carries out the operation that an `X-Amz-Target` header names. Never throws. */
  execute(target: string, body: Uint8Array): Promise<DynamoAnswer>;
  close(): Promise<void>;
}

const OPERATIONS = [
  'BatchGetItem',
  'CreateTable',
  'DeleteItem',
  'DescribeTable',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
];
const TARGET_PREFIX = 'DynamoDB_20120810.';

type Operation = (store: DynaliteStore, body: Uint8Array) => Promise<object>;

/**
 * Opens the database under `path` (created if missing, for the owner alone). What it has answered survives the end
 * of the process by any signal: LevelDB hands every write to the system before it calls back. Throws when another
 * process has the database open.
 */
export async function openDynamo(path: string): Promise<Dynamo> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const store = create({ path, createTableMs: 0 });
  await store.db.open().catch((error: unknown) => {
    throw explain(path, error);
  });
  freeIterators(store);
  await completeTables(store);
  const operations = new Map(await Promise.all(OPERATIONS.map(loadOperation)));
  return {
    execute: async (target, body) => {
      const operation = operations.get(target);
      if (operation === undefined) return { status: 400, body: { __type: 'UnknownOperationException' } };
      return operation(store, body).then(output => ({ status: 200, body: output }), toFailure);
    },
    close: () => store.db.close(),
  };
}

function explain(path: string, error: unknown): Error {
  const { cause } = error as { cause?: { code?: string } };
  const locked = cause?.code === 'LEVEL_LOCKED';
  return new Error(
    locked ? `Another process has the store ${path} open.` : `The store ${path} cannot be opened.`,
    { cause: error },
  );
}

/** dynalite ends an iterator by a method that LevelDB's do not have: without it, every Query stays in memory for good. */
function freeIterators({ db }: DynaliteStore): void {
  const open = db.values.bind(db);
  db.values = range => {
    const iterator = open(range);
    return Object.assign(iterator, { return: () => iterator.close() });
  };
}

/** A process that ended between the two writes that make a table has left it useless, and empty. */
async function completeTables(store: DynaliteStore): Promise<void> {
  for await (const [key, table] of store.db.iterator({ gt: 'table~', lt: 'table~\xff' })) {
    if (table.TableStatus === 'CREATING') await store.db.put(key, { ...table, TableStatus: 'ACTIVE' });
  }
}

async function loadOperation(name: string): Promise<[target: string, Operation]> {
  const file: `${string}.js` = `${toLowerFirst(name)}.js`;
  const [{ default: validation }, { default: action }] = await Promise.all([
    import(`dynalite/validations/${file}`) as Promise<typeof import('dynalite/validations/*')>,
    import(`dynalite/actions/${file}`) as Promise<typeof import('dynalite/actions/*')>,
  ]);
  const { types, custom } = validation;
  return [
    TARGET_PREFIX + name,
    async (store, body) => {
      const input = checkTypes(JSON.parse(Buffer.from(body).toString()), types);
      checkValidations(input, types, custom, store);
      return promisify(action)(store, input);
    },
  ];
}

function toFailure(error: unknown): DynamoAnswer {
  const { statusCode, body } = error as { statusCode?: number; body?: object };
  if (statusCode !== undefined && body !== undefined) return { status: statusCode, body };
  return { status: 500, body: { __type: 'InternalServerError', message: String(error) } };
}
