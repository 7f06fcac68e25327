/** What a command works with: its input and output, the state, and a session with its target. */

import type { Clock } from '../lib/ports/system.ts';
import { Broker } from './broker.ts';
import { chosenTarget, Home } from './home.ts';
import { Input } from './input.ts';
import type { Environment, Io, Timeouts } from './io.ts';
import { type Format, Output } from './output.ts';
import type { Printer } from './printer.ts';
import { Session } from './session.ts';
import type { Target } from './target.ts';

/** The options that every command has. */
export interface GlobalOptions {
  readonly output?: Format;
  readonly target?: string;
}

export class Context {
  readonly input: Input;
  readonly clock: Clock;
  readonly environment: Environment;
  readonly timeouts: Timeouts;
  readonly stderr: Printer;
  readonly #io: Io;
  readonly #options: () => GlobalOptions;

  /** `options` answers once the command line has been read. */
  constructor(io: Io, options: () => GlobalOptions) {
    this.input = new Input(io);
    this.clock = io.clock;
    this.environment = io.environment;
    this.timeouts = io.timeouts;
    this.stderr = io.stderr;
    this.#io = io;
    this.#options = options;
  }

  get home(): Home {
    const { lockMs } = this.timeouts;
    return new Home(this.environment.home, { lockMs, say: line => this.output.note(line) });
  }

  get output(): Output {
    return new Output(this.#io, this.#options().output ?? 'human');
  }

  /** The name after `--target`. */
  get namedTarget(): string | undefined {
    return this.#options().target;
  }

  /** The target that `--target` or `PULLPASS_TARGET` names; undefined: the current one. */
  get targetName(): string | undefined {
    return this.namedTarget ?? this.environment.target;
  }

  /** A session with the target of the command. Throws CliError when there is none. */
  async session(): Promise<Session> {
    const target = chosenTarget(await this.home.read(), this.targetName);
    return this.sessionWith(target);
  }

  sessionWith(target: Target): Session {
    const { home, clock, timeouts } = this;
    const waiting = <T>(work: Promise<T>) => this.waitFor(target.url, work);
    const warn = (text: string) => void this.output.warning(text);
    const { network } = this.environment;
    return new Session({ home, target, clock, network, requestMs: timeouts.requestMs, waiting, warn });
  }

  /** For requests without a login. */
  brokerAt(url: string): Broker {
    return new Broker({ url, timeoutMs: this.timeouts.requestMs, network: this.environment.network });
  }

  /** Tells the user at a terminal when `work` waits long for this server. */
  waitFor<T>(server: string, work: Promise<T>): Promise<T> {
    return this.output.during(`Waiting for ${server}`, work);
  }
}
