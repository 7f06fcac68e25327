/** A user who types commands, with a home of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { Home } from '../../../cli/home.ts';
import { type Io, readEnvironment, TIMEOUTS, type Timeouts } from '../../../cli/io.ts';
import { Printer } from '../../../cli/printer.ts';
import { run } from '../../../cli/program.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Typed {
  /** What is on the standard input. */
  readonly input?: string | Uint8Array;
  /** Whether the output is a terminal. */
  readonly isTTY?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
  /** In place of those of the shell. */
  readonly timeouts?: Timeouts;
  /** In place of that of the system, in milliseconds. */
  readonly clock?: () => number;
  /** In place of one that takes everything. */
  readonly stdout?: Writable;
  readonly stderr?: Writable;
}

/** What an entry calls with its arguments and its process. */
type Program = (args: readonly string[], io: Io) => Promise<number>;

/** A killed process is noticed soon; no time-out ends a request that a busy machine delays. */
export const QUICK: Timeouts = { ...TIMEOUTS, lockMs: 200, noticeMs: 20, pollMs: 5 };

export class Shell {
  readonly directory: string;
  readonly home: Home;

  private constructor(directory: string) {
    this.directory = directory;
    this.home = new Home(this.#home, QUICK);
  }

  static async open(): Promise<Shell> {
    return new Shell(await mkdtemp(join(tmpdir(), 'pullpass-cli-')));
  }

  get #home(): string {
    return join(this.directory, 'pullpass');
  }

  /** Runs the command in this process. */
  pullpass(args: readonly string[], typed: Typed = {}): Promise<Outcome> {
    return this.runs(run, args, typed);
  }

  /** Runs one of the programs in this process. */
  async runs(program: Program, args: readonly string[], typed: Typed = {}): Promise<Outcome> {
    const { input = '', isTTY = false, variables = {}, timeouts = QUICK } = typed;
    const environment = readEnvironment({ PULLPASS_HOME: this.#home, ...variables });
    const stdin = Object.assign(new PassThrough(), { isTTY });
    stdin.end(input);
    const [stdout, stderr] = [sink(isTTY), sink(isTTY)];
    const code = await program(args, {
      environment,
      stdin,
      stdout: new Printer(typed.stdout ?? stdout, environment),
      stderr: new Printer(typed.stderr ?? stderr, { ...environment, mayLose: true }),
      clock: typed.clock ?? Date.now,
      timeouts,
    });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  }

  /** As `pullpass`, for what must succeed: what it says. */
  async says(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.pullpass(args);
    if (code !== 0) throw new Error(`pullpass ${args.join(' ')}: ${code} ${stderr}`);
    return stdout;
  }

  /** As `says`, with `--output json`: what it means. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to find
  async json(...args: string[]): Promise<any> {
    return JSON.parse(await this.says(...args, '--output', 'json'));
  }

  async close(): Promise<void> {
    // A program that was given up may still write.
    await rm(this.directory, { recursive: true, maxRetries: 5 });
  }
}

function sink(isTTY: boolean) {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return Object.assign(stream, { isTTY, text: () => chunks.join('') });
}
