/** Key directories whose holder can be ended in the midst of his work, as `kill -9` and the end of a function's time do. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { fileKeyStore, type KeyStore, secretKeyStore } from '../../lib/signing/key-store.ts';
import { LoopbackAws } from '../support/loopback-aws.ts';
import { temporaryDirectory } from './context.ts';

/** The end of the process: nobody behind it goes on. */
export class Killed extends Error {}

/** The same keys again, in the hands of a process that is ended before its step of that number. */
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
