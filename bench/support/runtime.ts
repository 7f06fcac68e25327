/** One instance of a function under Lambda's own runtime interface client, without Lambda's sandbox. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RuntimeApi } from '../../test/e2e/support/lambda/runtime-api.ts';
import { onCore } from './cores.ts';
import { cpuMs } from './proc.ts';

const CLIENT = join(import.meta.dirname, '../../.build/tools/runtime/node_modules/aws-lambda-ric');
const INSTALL = 'npm install --prefix .build/tools/runtime aws-lambda-ric@4.0.2';
const PATIENCE_MS = 20_000;

/** Why no function can be run so here; undefined: it can. */
export function lacksRuntime(): string | undefined {
  return existsSync(join(CLIENT, 'rapid-client.node')) ? undefined : `install it with: ${INSTALL}`;
}

/** Processor time of a new instance, in milliseconds: until it asks for an event, and until it asks for the next. */
export interface NewInstance {
  readonly init: number;
  readonly first: number;
}

/** The handler is index.handler of `directory`. Throws when it does not answer with 200. */
export async function runNewInstance(
  directory: string,
  event: object,
  environment: Readonly<Record<string, string>>,
): Promise<NewInstance> {
  const api = await RuntimeApi.open('arn:aws:lambda:eu-central-1:123456789012:function:bench');
  const [file, parameters] = onCore('measured', [
    process.execPath,
    join(CLIENT, 'index.mjs'),
    'index.handler',
  ]);
  const child = spawn(file, parameters, {
    env: { ...environment, ...lambdaVariables(directory), AWS_LAMBDA_RUNTIME_API: api.address },
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  void child.once('exit', () => api.fail({ errorType: 'Runtime.ExitError', errorMessage: 'it has ended' }));
  try {
    await api.idle;
    const init = cpuMs(child.pid ?? 0);
    const answer = (await api.invoke(event, Date.now() + PATIENCE_MS)) as { statusCode?: number };
    await api.idle;
    const first = cpuMs(child.pid ?? 0);
    if (answer.statusCode !== 200) throw new Error(`answered ${JSON.stringify(answer)}`);
    return { init, first };
  } finally {
    await end(child);
    api.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function lambdaVariables(directory: string): Record<string, string> {
  return {
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/bench',
    AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
    LAMBDA_RUNTIME_DIR: CLIENT,
    LAMBDA_TASK_ROOT: directory,
    PATH: process.env.PATH ?? '',
    _HANDLER: 'index.handler',
  };
}
