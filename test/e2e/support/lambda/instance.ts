/**
 * One instance of a function: its package under AWS's runtime interface client, in a process that may do what it may on
 * Lambda, and that is stopped whenever it has nothing to answer.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT } from '../directories.ts';
import { type Running, start } from '../processes.ts';
import type { FunctionPlan } from './package.ts';
import { RuntimeApi } from './runtime-api.ts';

export interface Sandbox {
  /** The files in `/var/task/deployment`: the operator's files. */
  readonly deployment: string;
  /** What the emulators of AWS ask for, beside the variables of the template. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Lambda ends what takes longer to load. */
const INIT_MS = 10_000;
const RUNTIME = join(PROJECT, '.build', 'tools', 'runtime', 'node_modules', 'aws-lambda-ric');
const SCRIPT = join(import.meta.dirname, 'sandbox.sh');

export class Instance {
  readonly #api: RuntimeApi;
  readonly #running: Running;
  readonly #plan: FunctionPlan;
  /** From the start of the process to its asking for an event. */
  readonly initMs: number;

  private constructor(plan: FunctionPlan, api: RuntimeApi, running: Running, initMs: number) {
    this.#plan = plan;
    this.#api = api;
    this.#running = running;
    this.initMs = initMs;
  }

  /** Throws FunctionFailed when the function cannot be loaded; `log` gets what it has said. */
  static async start(plan: FunctionPlan, sandbox: Sandbox, log: (text: string) => void): Promise<Instance> {
    const { deployment, variables } = sandbox;
    const api = await RuntimeApi.open(plan.arn);
    const startMs = performance.now();
    const heapMb = Math.floor(plan.memoryMb * 0.9);
    const node = [`--max-old-space-size=${heapMb}`, '/var/runtime/index.mjs', plan.handler];
    const box = ['--mount', 'sh', SCRIPT, plan.directory, deployment, runtime(), process.execPath, ...node];
    const env = {
      ...lambdaVariables(plan),
      ...plan.variables,
      ...variables,
      AWS_LAMBDA_RUNTIME_API: api.address,
    };
    const running = start('unshare', box, { env });
    for (const stream of [running.process.stdout, running.process.stderr])
      stream?.on('data', chunk => log(`${chunk}`));
    const end = (why: string) => api.fail({ errorType: 'Runtime.ExitError', errorMessage: why });
    void running.exited.then(code => end(`the process ended with ${code}`));
    const timer = setTimeout(() => {
      running.kill('SIGKILL');
      end('the initialisation took too long');
    }, INIT_MS);
    try {
      await api.idle;
    } catch (error) {
      await running.stop();
      api.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    const instance = new Instance(plan, api, running, performance.now() - startMs);
    instance.#freeze();
    return instance;
  }

  /** Lets it answer one event. Throws FunctionFailed, also when the time of the function is over, which ends it. */
  async invoke(event: unknown): Promise<unknown> {
    const timeoutMs = this.#plan.timeoutSeconds * 1000;
    this.#running.kill('SIGCONT');
    const timer = setTimeout(() => {
      this.#running.kill('SIGKILL');
      this.#api.fail({ errorType: 'Sandbox.Timedout', errorMessage: `after ${timeoutMs} ms` });
    }, timeoutMs);
    try {
      return await this.#api.invoke(event, Date.now() + timeoutMs);
    } finally {
      clearTimeout(timer);
      // As Lambda does: what goes on after the answer has no time.
      await this.#api.idle.then(
        () => this.#freeze(),
        () => undefined,
      );
    }
  }

  get isAlive(): boolean {
    return this.#running.process.exitCode === null && this.#running.process.signalCode === null;
  }

  /** Whether it may run. */
  async state(): Promise<'running' | 'stopped'> {
    return /^State:\s+T/m.test(await this.#status()) ? 'stopped' : 'running';
  }

  /** The most memory that it has had, in bytes: what Lambda reports as used. */
  async peakBytes(): Promise<number> {
    return Number(/VmHWM:\s+(\d+) kB/.exec(await this.#status())?.[1]) * 1024;
  }

  async stop(): Promise<void> {
    this.#running.kill('SIGKILL');
    await this.#running.exited;
    this.#api.close();
  }

  #status(): Promise<string> {
    return readFile(`/proc/${this.#running.process.pid}/status`, 'utf8');
  }

  #freeze(): void {
    this.#running.kill('SIGSTOP');
  }
}

/** The directory of the runtime interface client. Throws with the command that makes it. */
function runtime(): string {
  const directory = process.env.LAMBDA_RUNTIME ?? RUNTIME;
  if (existsSync(join(directory, 'rapid-client.node'))) return directory;
  throw new Error(
    "Lambda's runtime interface client is missing. Install it with: npm install --prefix .build/tools/runtime " +
      'aws-lambda-ric@4.0.2 (it needs cmake, g++, make, python3 and xz); or name its directory in LAMBDA_RUNTIME.',
  );
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function lambdaVariables(plan: FunctionPlan): Record<string, string> {
  return {
    _HANDLER: plan.handler,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: plan.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${plan.functionName}`,
    AWS_LAMBDA_LOG_FORMAT: plan.logging.LogFormat ?? 'Text',
    ...(plan.logging.ApplicationLogLevel === undefined
      ? {}
      : { AWS_LAMBDA_LOG_LEVEL: plan.logging.ApplicationLogLevel }),
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/21/[$LATEST]0123456789abcdef',
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
  };
}
