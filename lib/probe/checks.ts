/** The checks of a probe: what must work, what must not, and how each came out. */
import { messageOf } from '../domain/errors.ts';
import { type Deployment, type ProbeRequest, type Received, UnexpectedResponse } from './deployment.ts';

export interface Check {
  readonly name: string;
  /** `positive`: it must work; `negative`: it must be refused. */
  readonly kind: 'negative' | 'positive';
  /**
   * `failed`: what must work did not, or what must be refused was not. `unclear`: what must be refused was not answered
   * with a refusal, and did not work either, such as when the deployment does not answer. `skipped`: it could not be tried.
   */
  readonly outcome: 'failed' | 'passed' | 'skipped' | 'unclear';
  /** Why it did not pass, as a sentence. */
  readonly detail?: string;
}

/** Gets each check as it comes. */
export type Tell = (check: Check) => Promise<void> | void;

/** Something worked that must be refused. */
export class Breach extends Error {
  override readonly name = 'Breach';
}

export class Checks {
  readonly all: Check[] = [];
  readonly #tell: Tell;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Answers what the work gives; undefined when it throws. */
  async works<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      await this.#add({ name, kind: 'positive', outcome: 'passed' });
      return result;
    } catch (error) {
      await this.#add({ name, kind: 'positive', outcome: 'failed', detail: messageOf(error) });
      return undefined;
    }
  }

  /** `attempt` throws Breach when it worked, and anything else when it cannot be told. */
  async refuses(name: string, attempt: () => Promise<void>): Promise<void> {
    try {
      await attempt();
      await this.#add({ name, kind: 'negative', outcome: 'passed' });
    } catch (error) {
      const outcome = error instanceof Breach ? 'failed' : 'unclear';
      await this.#add({ name, kind: 'negative', outcome, detail: messageOf(error) });
    }
  }

  async skip(kind: Check['kind'], name: string, detail: string): Promise<void> {
    await this.#add({ name, kind, outcome: 'skipped', detail });
  }

  async #add(check: Check): Promise<void> {
    this.all.push(check);
    await this.#tell(check);
  }
}

/** How many checks show that something is not available, and how many that something is allowed which must not be. */
export function failuresIn(checks: readonly Check[]): {
  readonly positive: number;
  readonly negative: number;
} {
  const unavailable = ({ kind, outcome }: Check) =>
    outcome === 'unclear' || (kind === 'positive' && outcome === 'failed');
  const breach = ({ kind, outcome }: Check) => kind === 'negative' && outcome === 'failed';
  return { positive: checks.filter(unavailable).length, negative: checks.filter(breach).length };
}

/** The request must be answered with one of these statuses. Any success is a breach. */
export async function assertRefused(
  deployment: Deployment,
  request: ProbeRequest,
  statuses: readonly number[],
): Promise<void> {
  const received = await deployment.answer(request);
  if (statuses.includes(received.status)) return;
  throw isSuccess(received) ? breach(request) : new UnexpectedResponse(request, received);
}

export function breach({ line }: ProbeRequest, what = 'worked'): Breach {
  const [path = ''] = line.split('?');
  return new Breach(`${path} ${what}, and must be refused.`);
}

function isSuccess({ status }: Received): boolean {
  return status >= 200 && status < 300;
}
