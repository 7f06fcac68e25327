/** A table whose calls are counted, each once however many requests it takes. */
import type { Metrics } from '../ports/system.ts';
import type { Table } from '../ports/table.ts';

export function countedTable(table: Table, metrics: Metrics): Table {
  async function counted<T>(call: Promise<T>, signal?: AbortSignal): Promise<T> {
    metrics.count('StoreCalls');
    try {
      return await call;
    } catch (error) {
      // A call that its caller gave up did not fail.
      if (signal?.aborted !== true) metrics.count('StoreFailures');
      throw error;
    }
  }
  return {
    get: key => counted(table.get(key)),
    batchGet: keys => counted(table.batchGet(keys)),
    query: range => counted(table.query(range)),
    scan: range => counted(table.scan(range)),
    insert: item => counted(table.insert(item)),
    put: (item, condition) => counted(table.put(item, condition)),
    update: (key, change, condition, signal) => counted(table.update(key, change, condition, signal), signal),
    delete: (key, condition) => counted(table.delete(key, condition)),
  };
}
