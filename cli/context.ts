import type { Clock } from '../lib/ports/system.ts';
import type { Environment } from './environment.ts';
import { CliError } from './failure.ts';
import { Home } from './home.ts';
import { type Format, Output, type Sink } from './output.ts';
import { Session } from './session.ts';
import { chosenTarget } from './state.ts';
import type { Target } from './target.ts';
import { type Source, Terminal } from './terminal.ts';

/** The process, or what a test puts in its place. */
export interface Io {
  readonly environment: Environment;
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly clock: Clock;
}

/** The options that every command has. */
export interface GlobalOptions {
  readonly output?: Format;
  readonly target?: string;
}

export class Context {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly #world: Io;
  readonly #options: () => GlobalOptions;

  /** `options` answers once the command line has been read. */
  constructor(world: Io, options: () => GlobalOptions) {
    this.terminal = new Terminal(world.stdin, world.stderr);
    this.clock = world.clock;
    this.environment = world.environment;
    this.#world = world;
    this.#options = options;
  }

  /** Throws a Failure when nothing says where it is. */
  get home(): Home {
    const { home } = this.environment;
    if (home !== undefined) return new Home(home);
    throw new CliError('Nothing says where logins are kept.', { next: 'Set HOME, or PULLPASS_HOME.' });
  }

  get output(): Output {
    const { stdout, stderr } = this.#world;
    const format = this.#options().output ?? 'human';
    return new Output({ stdout, stderr, format, noColor: this.environment.noColor });
  }

  /** What `--target` says. */
  get namedTarget(): string | undefined {
    return this.#options().target;
  }

  /** The target that `--target` or `PULLPASS_TARGET` names; undefined: the current one is meant. */
  get targetName(): string | undefined {
    return this.namedTarget ?? this.environment.target;
  }

  /** The target that the command speaks to. Throws a Failure when there is none. */
  async target(): Promise<Target> {
    return chosenTarget(await this.home.read(), this.targetName);
  }

  async session(): Promise<Session> {
    return this.sessionWith(await this.target());
  }

  sessionWith(target: Target): Session {
    const waiting = <T>(work: Promise<T>) => this.output.during(`Waiting for ${target.url}`, work);
    return new Session({ home: this.home, target, clock: this.clock, waiting });
  }
}
