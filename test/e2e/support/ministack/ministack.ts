/**
 * ministack: an AWS on one loopback port that makes every resource of the template, runs the functions with Node 24 and
 * serves the HTTP API. Ended by its process, with the functions that it runs.
 */
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { bareEnvironment, newDirectory, removeDirectory } from '../directories.ts';
import { freePort } from '../ports.ts';
import { type Running, run, start, until } from '../processes.ts';
import { tool } from '../tools.ts';

export const MINISTACK_REGION = 'eu-central-1';
const ACCOUNT = '123456789012';
/** What the functions of Pullpass call, by the variables that they read. */
const SERVICES = ['DYNAMODB', 'KMS', 'SECRETS_MANAGER', 'EVENTBRIDGE', 'ECR'];
const START_MS = 60_000;

export class Ministack {
  readonly #running: Running;
  readonly #port: number;
  readonly #home: string;
  /** Where it says that it is. */
  readonly region: string;
  readonly #python = join(dirname(tool('ministack')), 'python3');

  private constructor(
    running: Running,
    { port, home, region }: { port: number; home: string; region: string },
  ) {
    this.#running = running;
    this.#port = port;
    this.#home = home;
    this.region = region;
  }

  /** `variables` are those of every function besides its own, such as the place of an emulator. */
  static async start(variables: NodeJS.ProcessEnv = {}): Promise<Ministack> {
    const program = tool('ministack');
    const home = await newDirectory('ministack');
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const bare = bareEnvironment(home);
    const env: NodeJS.ProcessEnv & { MINISTACK_REGION: string } = {
      ...bare,
      PATH: [dirname(node24()), bare.PATH].join(delimiter),
      TMPDIR: home,
      PYTHONDONTWRITEBYTECODE: '1',
      GATEWAY_PORT: `${port}`,
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_REGION,
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      // Else it would be as many as the memory of the machine allows.
      LAMBDA_ACCOUNT_CONCURRENCY: '1000',
      STATE_DIR: `${home}/state`,
      S3_DATA_DIR: `${home}/s3`,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'lambda.mjs')}`,
      AWS_SESSION_TOKEN: 'test',
      AWS_ENDPOINT_URL: endpoint,
      ...Object.fromEntries(SERVICES.map(service => [`AWS_ENDPOINT_URL_${service}`, endpoint])),
      ...variables,
    };
    const python = join(dirname(program), 'python3');
    const running = start(python, [join(import.meta.dirname, 'run.py')], { env });
    const ministack = new Ministack(running, { port, home, region: env.MINISTACK_REGION });
    await until('ministack', () => ministack.#answers(), { running, timeoutMs: START_MS }).catch(
      async error => {
        await ministack.stop();
        throw error;
      },
    );
    return ministack;
  }

  /** Where it answers as any service of AWS, with any credentials. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What a client of AWS, such as osls, reads to call it. */
  get environment(): NodeJS.ProcessEnv {
    return {
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_REGION: this.region,
      AWS_ACCESS_KEY_ID: ACCOUNT,
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }

  /** The base URL of an HTTP API: its default stage has no segment of the path. */
  apiUrl(api: string): string {
    return `${this.endpoint}/_aws/execute-api/${api}/$default`;
  }

  /** Carries out an operation of a service, named as the command line of AWS names them but with underscores: `describe_stacks`. */
  // biome-ignore lint/suspicious/noExplicitAny: what AWS answers is for the tests to judge
  async aws(service: string, operation: string, input: object = {}): Promise<any> {
    const args = [join(import.meta.dirname, 'aws.py'), service, operation, JSON.stringify(input)];
    const env = { ...bareEnvironment(this.#home), ...this.environment, AWS_DEFAULT_REGION: this.region };
    const { code, output } = await run(this.#python, args, { env });
    if (code !== 0) throw new Error(`${operation}: ${output}`);
    return JSON.parse(output);
  }

  /** What ministack has logged. */
  get log(): string {
    return this.#running.output();
  }

  async stop(): Promise<void> {
    await this.#running.stop();
    await removeDirectory(this.#home);
  }

  #answers(): Promise<boolean> {
    return fetch(`${this.endpoint}/_ministack/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

/** The Node of Lambda's runtime, which is a package of this project. */
function node24(): string {
  return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
}
