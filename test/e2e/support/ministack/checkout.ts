/** A clone of what is deployed: its files can be changed, and osls is run in it as an operator does, against ministack. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { SOURCES } from '../../../infra/support/packaged.ts';
import { PROJECT } from '../directories.ts';
import { type Result, run } from '../processes.ts';
import type { Ministack } from './ministack.ts';

const DEPLOYMENT_MS = 150_000;

export class Checkout {
  readonly directory: string;
  /** The time of the commit, in seconds. */
  commitTime = 1_790_000_000;
  readonly #ministack: Ministack;

  private constructor(directory: string, ministack: Ministack) {
    this.directory = directory;
    this.#ministack = ministack;
  }

  static async make(ministack: Ministack): Promise<Checkout> {
    const directory = await mkdtemp(join(tmpdir(), 'pullpass-checkout-'));
    for (const source of SOURCES)
      await cp(join(PROJECT, source), join(directory, source), { recursive: true });
    await symlink(join(PROJECT, 'node_modules'), join(directory, 'node_modules'));
    return new Checkout(directory, ministack);
  }

  async edit(file: string, change: (text: string) => string): Promise<void> {
    const path = join(this.directory, file);
    const text = await readFile(path, 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error(`the change of ${file} changes nothing`);
    await writeFile(path, changed);
  }

  /** Gives a stage its parameters. */
  addStage(stage: string, parameters: object = {}): Promise<void> {
    return writeFile(join(this.directory, 'deployment', `${stage}.json`), JSON.stringify(parameters));
  }

  /** Runs osls: `osls('deploy', '--stage', 'prod')`. */
  osls(...args: readonly string[]): Promise<Result> {
    const program = join(this.directory, 'node_modules', 'osls', 'bin', 'serverless.js');
    const env = {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: this.directory,
      SOURCE_DATE_EPOCH: `${this.commitTime}`,
      SLS_AWS_MONITORING_FREQUENCY: '100',
      ...this.#ministack.environment,
    };
    const options = { env, cwd: this.directory, timeoutMs: DEPLOYMENT_MS };
    return run(process.execPath, [program, ...args], options);
  }

  /** Deploys, and answers the outputs of the stack. Throws with what osls and ministack have said. */
  async deploy(...args: readonly string[]): Promise<Record<string, string>> {
    const { code, output } = await this.osls('deploy', ...args);
    if (code !== 0) throw new Error(`${output}\n${this.#ministack.log.slice(-4_000)}`);
    return this.outputs(args.includes('--stage') ? args[args.indexOf('--stage') + 1] : 'dev');
  }

  async outputs(stage = 'dev'): Promise<Record<string, string>> {
    const { Stacks } = await this.#ministack.aws('cloudformation', 'describe_stacks', {
      StackName: `pullpass-${stage}`,
    });
    const outputs: { OutputKey: string; OutputValue: string }[] = Stacks[0].Outputs ?? [];
    return Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
