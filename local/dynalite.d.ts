/** The parts of dynalite 4.0.0 that the embedded engine is made of; the package has no types of its own. */

interface DynaliteTable {
  readonly TableStatus: string;
}

interface DynaliteStore {
  readonly db: {
    open(): Promise<void>;
    close(): Promise<void>;
    put(key: string, value: DynaliteTable): Promise<void>;
    batch(operations: readonly { type: 'put'; key: string; value: object }[]): Promise<void>;
    values(range: object): { close(): Promise<void> };
    iterator(range: { gt: string; lt: string }): AsyncIterable<[string, DynaliteTable]>;
  };
}

declare module 'dynalite/db/index.js' {
  /** Where an item lies in its table: it begins with the hash of the partition key. */
  export function createKey(item: object, table: object): string;
  export function create(options: { path: string; createTableMs: number }): DynaliteStore;
}

declare module 'dynalite/validations/index.js' {
  export function toLowerFirst(operation: string): string;
  export function checkTypes(input: unknown, types: object): object;
  export function checkValidations(input: object, types: object, custom: unknown, store: DynaliteStore): void;
}

declare module 'dynalite/validations/*' {
  const validation: { readonly types: object; readonly custom?: unknown };
  export default validation;
}

declare module 'dynalite/actions/*' {
  const action: (
    store: DynaliteStore,
    input: object,
    answer: (error: unknown, output: object) => void,
  ) => void;
  export default action;
}
