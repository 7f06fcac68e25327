/** Key stores whose process can stop at any step, as by `kill -9` or the end of a function's time. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { fileKeyStore, type KeyStore, secretKeyStore } from '../../lib/signing/key-store.ts';
import { LoopbackAws } from '../support/loopback-aws.ts';
import { temporaryDirectory } from './context.ts';

/** The process stopped. */
export class Killed extends Error {}

/** The same keys, opened by a process that stops before the step of that number. */
export type Open = (stepsLeft?: number) => KeyStore;

/** A step is the writing of a file. */
async function files(): Promise<Open> {
  const path = await temporaryDirectory();
  return (stepsLeft = Number.POSITIVE_INFINITY) => {
    const directory = fileKeyStore(path);
    const step = countdown(stepsLeft);
    return {
      read: directory.read,
      transaction: (service, work) =>
        directory.transaction(service, keys =>
          work({
            read: keys.read,
            write: async (file, text) => {
              step();
              await keys.write(file, text);
            },
          }),
        ),
    };
  };
}

/** A step is a request, so a write of a secret has two. */
async function secrets(): Promise<Open> {
  const aws = await LoopbackAws.start();
  onTestFinished(() => aws.close());
  const call = aws.caller('secretsManager');
  return (stepsLeft = Number.POSITIVE_INFINITY) => {
    const step = countdown(stepsLeft);
    const interruptible: AwsCall = async (operation, input) => {
      if (operation !== 'GetSecretValue') step();
      return call(operation, input);
    };
    return secretKeyStore(secretsManager(interruptible, randomBytes), 'pullpass-test');
  };
}

function countdown(stepsLeft: number): () => void {
  let left = stepsLeft;
  return () => {
    if (left <= 0) throw new Killed('killed');
    left--;
  };
}

export const INTERRUPTIBLE = { files, secrets } as const;
