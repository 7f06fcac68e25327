/** Asks every function of a deployment whether it can serve: an update that CloudFormation finds good may still answer no request. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Template } from '../template.ts';

/** What every function answers to it: lib/api/health.ts. */
const QUESTION = { health: true };

export function functionNames({ Resources }: Pick<Template, 'Resources'>): string[] {
  const functions = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return functions.map(({ Properties }) => String(Properties.FunctionName));
}

export interface Health {
  /** As AWS names the function. */
  readonly name: string;
  /** What is wrong; undefined: it can serve. */
  readonly problem?: string;
  /** Whether it waits for the ledger to be replayed, as every function does that was given a restored table. */
  readonly waits?: boolean;
}

export interface HealthOptions {
  /** How often a function is asked that has no concurrency left, and how long before each time. */
  readonly attempts?: number;
  readonly pauseMs?: number;
}

export async function healthOf(
  lambda: Pick<LambdaClient, 'send'>,
  functions: readonly string[],
  options: HealthOptions = {},
): Promise<Health[]> {
  return Promise.all(functions.map(name => ask(lambda, name, options)));
}

async function ask(
  lambda: Pick<LambdaClient, 'send'>,
  name: string,
  { attempts = 10, pauseMs = 3000 }: HealthOptions,
): Promise<Health> {
  for (let attempt = 1; ; attempt++) {
    try {
      const Payload = JSON.stringify(QUESTION);
      const { FunctionError, Payload: answer } = await lambda.send(
        new InvokeCommand({ FunctionName: name, Payload }),
      );
      return judged(name, FunctionError, answer?.transformToString() ?? '');
    } catch (error) {
      const { name: code, message } = error as Error;
      // A scheduled run may have the only execution: then the function works.
      if (code !== 'TooManyRequestsException')
        return { name, problem: `could not be asked: ${code}: ${message}` };
      if (attempt >= attempts) return { name };
      await sleep(pauseMs);
    }
  }
}

function judged(name: string, failure: string | undefined, text: string): Health {
  const answer = parsed(text);
  if (failure !== undefined)
    return { name, problem: `does not start: ${String(answer.errorMessage ?? failure)}` };
  if (answer.status === 'ok') return { name };
  const problem = String(answer.problem ?? `answered ${text.slice(0, 200)}`);
  return { name, problem, waits: answer.status === 'restored-table' };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
