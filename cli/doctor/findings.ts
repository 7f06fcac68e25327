/** The findings of `doctor`, one for each check, in their order. */
import { detailsOf, reasonOf } from '../errors.ts';

export interface Finding {
  readonly check: string;
  /** `skipped`: it needs another check to succeed first. */
  readonly state: 'ok' | 'problem' | 'skipped' | 'warning';
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** What a check found out, and the sentence that says so. */
export interface CheckResult<T> {
  readonly fact: T;
  readonly message: string;
  /** It works today; why it may not tomorrow, and what to do about it. */
  readonly warning?: string;
}

export class Findings {
  readonly #all: Finding[] = [];
  readonly #tell: (finding: Finding) => Promise<void>;

  /** `tell` is given each finding as it comes. */
  constructor(tell: (finding: Finding) => Promise<void>) {
    this.#tell = tell;
  }

  get all(): readonly Finding[] {
    return this.#all;
  }

  get isHealthy(): boolean {
    return this.#all.every(({ state }) => state !== 'problem');
  }

  /** Runs a check. Answers its fact; undefined when it throws, which is a problem. */
  async check<T>(
    check: string,
    work: () => Promise<CheckResult<T>> | CheckResult<T>,
  ): Promise<T | undefined> {
    try {
      const { fact, message, warning } = await work();
      await (warning === undefined
        ? this.#add({ check, state: 'ok', message })
        : this.#add({ check, state: 'warning', message, advice: warning }));
      return fact;
    } catch (error) {
      const { next } = detailsOf(error);
      const advice = next === undefined ? {} : { advice: next };
      await this.#add({ check, state: 'problem', message: reasonOf(error), ...advice });
      return undefined;
    }
  }

  /** Records that a check was not run, and what it needs. */
  async skip(check: string, first: string): Promise<undefined> {
    await this.#add({ check, state: 'skipped', message: `This needs ${first}.` });
    return undefined;
  }

  async #add(finding: Finding): Promise<void> {
    this.#all.push(finding);
    await this.#tell(finding);
  }
}
