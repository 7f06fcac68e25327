/** For a project of vitest: the emulators of AWS that the functions use, started once for all its tests. */
import type { TestProject } from 'vitest/node';
import { startStore } from '../engines/engine.ts';
import { Moto } from '../moto.ts';

/** Where the functions of a deployment find what they call. */
export interface Emulators {
  /** DynamoDB Local, which keeps the tables of each access key apart. */
  readonly dynamodb: string;
  /** moto: Secrets Manager, KMS and EventBridge, for one deployment at a time. */
  readonly others: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    emulators: Emulators | undefined;
  }
}

export default async function startEmulators(project: TestProject): Promise<() => Promise<void>> {
  const [store, moto] = await Promise.all([startStore('DynamoDB Local'), Moto.start()]);
  project.provide('emulators', { dynamodb: store.endpoint, others: moto.endpoint });
  return async () => {
    await store.stop();
    await moto.stop();
  };
}
