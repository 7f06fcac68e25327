/** P4 and P6: what a login asks of AWS, counted, and what a million of them cost by the prices of docs/prices.json. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loginEvent } from '../support/lambda-size.ts';
import { cannedAnswers } from '../support/login-servers.ts';
import { type Row, row } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { openWorld } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WARM_UP_MS = 1_500;
const FOR_MS = 1_500;
/** What CloudWatch Logs counts for each line beside its bytes. */
const LINE_BYTES = 26;
/** The memory of the function, and with how much of it goes a core (AWS Lambda Developer Guide, "Configure Lambda function memory"). */
const [FUNCTION_MB, CORE_MB] = [512, 1769];
/** A strongly consistent read within a region. */
const READ_MS = 4;

/** What one login uses. */
interface Login {
  readonly cpuMs: number;
  readonly logBytes: number;
  readonly calls: number;
  readonly readUnits: number;
  readonly writes: number;
  readonly others: number;
}

export async function* dimensions(): AsyncGenerator<Row> {
  const { cpuMs, logBytes, calls, readUnits, writes, others } = await countLogin();
  const count = { unit: '', digits: 2 };
  yield row('P4', 'calls to DynamoDB of a login', { value: calls, ...count, atMost: 1 });
  yield row('P4', 'writes of a login, but for one an hour', { value: writes, ...count, atMost: 0 });
  yield row('P4', 'other calls of a login, such as to KMS', { value: others, ...count, atMost: 0 });
  const prices = JSON.parse(await readFile(join(ROOT, 'docs', 'prices.json'), 'utf8'));
  const ms = cpuMs * (CORE_MB / FUNCTION_MB) + READ_MS;
  // A million milliseconds are a thousand seconds.
  const time = ms * 1000 * (FUNCTION_MB / 1024) * prices.lambdaArmGigabyteSecond;
  const reads = readUnits * prices.dynamoReadUnitsPerMillion;
  const logs = (logBytes / 1000) * prices.logsIngestedPerGigabyte;
  const url = prices.lambdaRequestsPerMillion + time + reads + logs;
  const dollars = { unit: '$', digits: 2 };
  yield row('', 'of a million logins: requests of Lambda', {
    value: prices.lambdaRequestsPerMillion,
    ...dollars,
  });
  yield row('', `of a million logins: ${ms.toFixed(1)} ms of Lambda`, { value: time, ...dollars });
  yield row('', `of a million logins: ${readUnits} units read`, { value: reads, ...dollars });
  yield row('', `of a million logins: ${logBytes.toFixed(0)} bytes of logs`, { value: logs, ...dollars });
  yield row('P6', 'a million logins by function URL, logs included', {
    value: url,
    ...dollars,
    atMost: 0.6,
  });
  yield row('P6', 'a million logins by HTTP API, logs included', {
    value: url + prices.httpApiRequestsPerMillion,
    ...dollars,
    atMost: 1.6,
  });
}

async function countLogin(): Promise<Login> {
  const world = await openWorld();
  const { value, answers } = cannedAnswers();
  const aws = await startServer('canned', { role: 'driving', parameters: [JSON.stringify(answers)] });
  const url = `http://127.0.0.1:${aws.port}`;
  const output = await open(join(world.directory, 'log'), 'w');
  const handler = await startServer('handler', {
    parameters: [join(ROOT, 'functions', 'login.ts'), JSON.stringify(loginEvent(value))],
    environment: {
      ...world.environment,
      PULLPASS_STAGE: 'bench',
      AWS_ENDPOINT_URL_DYNAMODB: url,
      AWS_ENDPOINT_URL_KMS: url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
    },
    output,
  });
  const logged = () => readFile(join(world.directory, 'log'));
  await handler.ask({ forMs: WARM_UP_MS });
  await aws.ask({});
  const before = (await logged()).length;
  const { operations, cpuMs } = (await handler.ask({ forMs: FOR_MS })) as {
    operations: number;
    cpuMs: number;
  };
  const counts = (await aws.ask({})) as Record<string, number>;
  const log = (await logged()).subarray(before).toString();
  await Promise.all([handler.close(), aws.close(), output.close()]);
  await world.close();
  const lines = log.split('\n').length - 1;
  const each = (name: string) => (counts[name] ?? 0) / operations;
  const sum = Object.values(counts).reduce((all, one) => all + one, 0) / operations;
  const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'].reduce(
    (all, name) => all + each(name),
    0,
  );
  return {
    cpuMs: cpuMs / operations,
    // The end of a line is not counted, but the 26 bytes are.
    logBytes: (Buffer.byteLength(log) + lines * (LINE_BYTES - 1)) / operations,
    calls: each('BatchGetItem') + each('GetItem') + each('Query'),
    readUnits: Math.round(each('BatchGetItem')) * answers.BatchGetItem.Responses.pullpass.length,
    writes,
    others: sum - writes - each('BatchGetItem') - each('GetItem') - each('Query'),
  };
}
