/**
 * P5 on Lambda's terms: how long each packaged function takes from the start of its process until it asks Lambda's runtime
 * interface for an event, beside a function that does nothing. Needs root, and what the tests of the functions need.
 */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Instance, type Sandbox } from '../../test/e2e/support/lambda/instance.ts';
import { type FunctionPlan, unpack } from '../../test/e2e/support/lambda/package.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';

const ROUNDS = 9;
const EMPTY = 'an empty function';
const DEPLOYMENT = join(import.meta.dirname, '..', '..', 'deployment');
/** Enough to be loaded; no request is sent then. */
const VARIABLES = {
  PULLPASS_DERIVATION_KEY: 'arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
};

export async function functions(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-functions-'));
  const plans = await plansIn(directory);
  const sandbox = { deployment: join(directory, 'files'), variables: VARIABLES };
  await cp(DEPLOYMENT, sandbox.deployment, { recursive: true });
  await writeFile(join(sandbox.deployment, 'administrators.json'), '[]');
  const times = new Map(plans.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const plan of plans) times.get(plan.name)?.push(await initMs(plan, sandbox));
  }
  await rm(directory, { recursive: true });
  const ofEmpty = median(times.get(EMPTY) ?? []);
  return [...times].map(([name, ms]) =>
    name === EMPTY
      ? row('', `${EMPTY}: until it is ready`, { value: ofEmpty, unit: 'ms', digits: 0 })
      : row('P5', `${name}: until it is ready, to ${EMPTY}`, { value: median(ms) / ofEmpty }),
  );
}

async function plansIn(directory: string): Promise<FunctionPlan[]> {
  const packaged = [...(await unpack(directory, { parameters: {}, proxied: false })).functions.values()];
  const [any] = packaged;
  if (any === undefined) throw new Error('There is no function.');
  const empty = { ...any, name: EMPTY, directory: join(directory, 'empty') };
  await mkdir(empty.directory);
  await writeFile(join(empty.directory, 'index.mjs'), 'export const handler = async () => ({});');
  return [empty, ...packaged];
}

async function initMs(plan: FunctionPlan, sandbox: Sandbox): Promise<number> {
  const instance = await Instance.start(plan, sandbox, () => undefined);
  await instance.stop();
  return instance.initMs;
}
