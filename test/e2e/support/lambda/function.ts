/** A function as Lambda runs it: an instance for each event that is answered at the time, kept for the next ones. */
import { Instance, type Sandbox } from './instance.ts';
import type { FunctionPlan } from './package.ts';

/** Enough to have several of each; more wait, where Lambda would start more. */
const MAX_INSTANCES = 4;

export class LambdaFunction {
  readonly plan: FunctionPlan;
  readonly #sandbox: Sandbox;
  readonly #instances = new Set<Instance>();
  readonly #idle: Instance[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #retired = new WeakSet<Instance>();
  readonly #log: string[] = [];
  #busy = 0;

  constructor(plan: FunctionPlan, sandbox: Sandbox) {
    this.plan = plan;
    this.#sandbox = sandbox;
  }

  /** Answers what the function answers. Throws FunctionFailed. */
  async invoke(event: unknown): Promise<unknown> {
    if (this.#busy >= MAX_INSTANCES) await new Promise<void>(resolve => this.#waiting.push(resolve));
    this.#busy += 1;
    try {
      const instance = this.#idle.pop() ?? (await this.#newInstance());
      const answer = instance.invoke(event);
      await answer.catch(() => undefined);
      if (this.#retired.has(instance)) await instance.stop();
      if (instance.isAlive && !this.#retired.has(instance)) this.#idle.push(instance);
      else this.#instances.delete(instance);
      return await answer;
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Another function that differs in these variables, and perhaps in its code. */
  like(variables: Readonly<Record<string, string>>, directory = this.plan.directory): LambdaFunction {
    const { deployment, variables: given } = this.#sandbox;
    return new LambdaFunction(
      { ...this.plan, directory },
      { deployment, variables: { ...given, ...variables } },
    );
  }

  /** All that its instances have written. */
  get log(): string {
    return this.#log.join('');
  }

  get instances(): ReadonlySet<Instance> {
    return this.#instances;
  }

  /** Ends every instance: an idle one now, a busy one with its answer. The next event begins a new one. */
  async retireInstances(): Promise<void> {
    for (const instance of this.#instances) this.#retired.add(instance);
    const idle = this.#idle.splice(0);
    for (const instance of idle) this.#instances.delete(instance);
    await Promise.all(idle.map(instance => instance.stop()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#instances].map(instance => instance.stop()));
    this.#instances.clear();
    this.#idle.length = 0;
  }

  async #newInstance(): Promise<Instance> {
    const instance = await Instance.start(this.plan, this.#sandbox, text => this.#log.push(text));
    this.#instances.add(instance);
    return instance;
  }
}
