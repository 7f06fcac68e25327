/**
 * Schemas of what a function reads at its start: its configuration and its keys. Named as those of valibot, which requests are read
 * with; that library takes longer to load than all of this takes (docs/decisions/066-a-start-without-a-schema-library.md).
 */

/** What is wrong, in our words and without the value, which could be a secret; and where. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Whether it is of another type, so that a union may have another schema for it. */
  readonly isMistyped: boolean;
}

const REFUSED = Symbol('refused');

type Refused = typeof REFUSED;

/** Where a schema is in a value, and what was wrong so far. */
export class Place {
  readonly issues: Issue[];
  readonly path: readonly (string | number)[];

  constructor(issues: Issue[] = [], path: readonly (string | number)[] = []) {
    this.issues = issues;
    this.path = path;
  }

  /** What a step returns for a value that it does not take. */
  refuse(message: string): Refused {
    this.issues.push({ path: this.path, message, isMistyped: false });
    return REFUSED;
  }

  /** The same for a value of another type. */
  refuseType(value: unknown, message: string): Refused {
    const isMissing = value === undefined;
    this.issues.push({ path: this.path, message: isMissing ? 'is missing' : message, isMistyped: true });
    return REFUSED;
  }

  at(key: string | number): Place {
    return new Place(this.issues, [...this.path, key]);
  }
}

/** Makes something of a value, or refuses it. */
export type Step<I, O> = (value: I, place: Place) => O | Refused;

/** Takes any value. */
export type Schema<T> = Step<unknown, T>;

/** As a member of an object it may be absent. */
export type Optional<T> = Schema<T> & { readonly absent: 'default' | 'left out' };

export type InferOutput<S> = S extends (...parameters: never[]) => infer T ? Exclude<T, Refused> : never;

export type Result<T> =
  | { readonly success: true; readonly output: T; readonly issues?: undefined }
  | { readonly success: false; readonly output?: undefined; readonly issues: readonly [Issue, ...Issue[]] };

/** The value as the schema makes it, or what is wrong with it. */
export function safeParse<T>(schema: Schema<T>, value: unknown): Result<T> {
  const place = new Place();
  const output = schema(value, place);
  // What refuses has said why.
  const issues = place.issues as [Issue, ...Issue[]];
  return output === REFUSED ? { success: false, issues } : { success: true, output };
}

/** The value as the schema makes it. Throws for any other. */
export function parse<T>(schema: Schema<T>, value: unknown): T {
  const { success, output, issues } = safeParse(schema, value);
  if (success) return output;
  throw new Error(issues.map(({ path, message }) => `${path.join('.')} ${message}`.trimStart()).join('; '));
}

type Is<T> = (value: unknown) => value is T;

/** A value of a type of its own. */
export function custom<T>(is: Is<T>, message: string): Schema<T> {
  return (value, place) => (is(value) ? value : place.refuseType(null, message));
}

function ofType<T>(is: Is<T>, otherwise: string): (message?: string) => Schema<T> {
  const plain: Schema<T> = (value, place) => (is(value) ? value : place.refuseType(value, otherwise));
  return message => (message === undefined ? plain : custom(is, message));
}

export const string = ofType((value): value is string => typeof value === 'string', 'must be a string');

export const number = ofType((value): value is number => typeof value === 'number', 'must be a number');

type Word = boolean | number | string;

/** One of the words. */
export function picklist<const T extends readonly Word[]>(words: T, message?: string): Schema<T[number]> {
  const [last, ...others] = words.toReversed();
  const choices = others.length === 0 ? `${last}` : `${others.reverse().join(', ')} or ${last}`;
  return ofType(
    (value): value is T[number] => words.some(word => word === value),
    `must be ${choices}`,
  )(message);
}

export function literal<const T extends Word>(word: T, message?: string): Schema<T> {
  return picklist([word], message);
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return (value, place) => (value === null ? null : schema(value, place));
}

/** What is absent is read as `fallback`; without one it stays undefined. */
export function optional<T>(schema: Schema<T>): Optional<T | undefined>;
export function optional<T>(schema: Schema<T>, fallback: unknown): Schema<T>;
export function optional<T>(schema: Schema<T>, fallback?: unknown): Optional<T | undefined> {
  const read: Schema<T | undefined> = (value, place) => {
    const given = value === undefined ? fallback : value;
    return given === undefined ? undefined : schema(given, place);
  };
  return Object.assign(read, fallback === undefined ? LEFT_OUT : ({ absent: 'default' } as const));
}

const LEFT_OUT = { absent: 'left out' } as const;

/** As a member it may be absent, but is never undefined. */
export function exactOptional<T>(schema: Schema<T>): Optional<T> {
  return Object.assign((value: unknown, place: Place) => schema(value, place), LEFT_OUT);
}

/** The schema that `choose` answers for a value. */
export function lazy<T>(choose: (value: unknown) => Schema<T>): Schema<T> {
  return (value, place) => choose(value)(value, place);
}

/** The first schema that takes the value. One that only its content keeps from it says what is wrong, otherwise the message does. */
export function union<T extends readonly Schema<unknown>[]>(
  schemas: T,
  message: string,
): Schema<InferOutput<T[number]>> {
  return (value, place) => {
    let ofItsType: readonly Issue[] | undefined;
    for (const schema of schemas) {
      const alone = new Place([], place.path);
      const output = schema(value, alone);
      if (output !== REFUSED) return output as InferOutput<T[number]>;
      if (!alone.issues.some(({ isMistyped }) => isMistyped)) ofItsType ??= alone.issues;
    }
    if (ofItsType === undefined) return place.refuseType(null, message);
    place.issues.push(...ofItsType);
    return REFUSED;
  };
}

export function array<T>(schema: Schema<T>, message = 'must be a list'): Schema<T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return place.refuseType(value, message);
    const items = value.map((item, i) => schema(item, place.at(i)));
    return items.includes(REFUSED) ? REFUSED : (items as T[]);
  };
}

type Members = Readonly<Record<string, Schema<unknown>>>;

type Flat<T> = { [K in keyof T]: T[K] };

type ObjectOf<M extends Members> = Flat<
  { [K in keyof M as M[K] extends { readonly absent: string } ? never : K]: InferOutput<M[K]> } & {
    [K in keyof M as M[K] extends { readonly absent: string } ? K : never]?: InferOutput<M[K]>;
  }
>;

/** An object with these members and no others. */
export function strictObject<M extends Members>(members: M): Schema<ObjectOf<M>> {
  return (value, place) => {
    if (typeof value !== 'object' || value === null) return place.refuseType(value, 'must be an object');
    const given = value as Readonly<Record<string, unknown>>;
    const before = place.issues.length;
    const read: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(members)) {
      const isThere = Object.hasOwn(given, name);
      const absent = isThere ? undefined : (schema as Partial<Optional<unknown>>).absent;
      if (absent === 'left out') continue;
      if (isThere || absent === 'default') read[name] = schema(given[name], place.at(name));
      else place.at(name).refuseType(undefined, '');
    }
    const unknown = Object.keys(given).find(name => !Object.hasOwn(members, name));
    if (unknown !== undefined) place.at(unknown).refuseType(null, 'is an unknown field');
    return place.issues.length > before ? REFUSED : (read as ObjectOf<M>);
  };
}

/** One step after the other; none after one that has refused. */
export function pipe<A, B>(schema: Step<unknown, A>, b: Step<A, B>): Schema<B>;
export function pipe<A, B, C>(schema: Schema<A>, b: Step<A, B>, c: Step<B, C>): Schema<C>;
export function pipe<A, B, C, D>(schema: Schema<A>, b: Step<A, B>, c: Step<B, C>, d: Step<C, D>): Schema<D>;
export function pipe<A, B, C, D, E>(
  schema: Schema<A>,
  ...steps: [Step<A, B>, Step<B, C>, Step<C, D>, Step<D, E>]
): Schema<E>;
export function pipe<A, B, C, D, E, F>(
  schema: Schema<A>,
  ...steps: [Step<A, B>, Step<B, C>, Step<C, D>, Step<D, E>, Step<E, F>]
): Schema<F>;
export function pipe(...steps: readonly Step<never, unknown>[]): Schema<unknown> {
  return (value, place) => {
    let read = value;
    for (const step of steps) {
      read = step(read as never, place);
      if (read === REFUSED) return REFUSED;
    }
    return read;
  };
}

export function transform<I, O>(make: (value: I) => O): Step<I, O> {
  return value => make(value);
}

export function check<T>(holds: (value: T) => boolean, message = 'is not valid'): Step<T, T> {
  return (value, place) => (holds(value) ? value : place.refuse(message));
}

export function regex(pattern: RegExp, message?: string): Step<string, string> {
  return check(text => pattern.test(text), message);
}

export function minLength<T extends { readonly length: number }>(
  least: number,
  message?: string,
): Step<T, T> {
  return check(({ length }) => length >= least, message);
}

export function maxLength<T extends { readonly length: number }>(most: number, message?: string): Step<T, T> {
  return check(({ length }) => length <= most, message);
}

export function minValue(least: number, message?: string): Step<number, number> {
  return check(value => value >= least, message);
}

export function maxValue(most: number, message?: string): Step<number, number> {
  return check(value => value <= most, message);
}

export function safeInteger(message?: string): Step<number, number> {
  return check(value => Number.isSafeInteger(value), message);
}
