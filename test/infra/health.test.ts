/** What a deployment makes of the answers of its functions to the question whether they can serve. */
import type { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, it } from 'vitest';
import { healthOf } from '../../infra/osls/health.ts';

interface Answer {
  readonly payload?: string;
  readonly failure?: string;
  /** The error that AWS answers instead, and how often. */
  readonly error?: string;
  readonly times?: number;
}

function lambdaWith(answers: Readonly<Record<string, Answer>>): {
  asked: string[];
  lambda: Pick<LambdaClient, 'send'>;
} {
  const asked: string[] = [];
  const send = async ({ input: { FunctionName = '', Payload } }: InvokeCommand) => {
    expect(Payload).toBe('{"health":true}');
    asked.push(FunctionName);
    const { payload = '', failure, error, times = Number.POSITIVE_INFINITY } = answers[FunctionName] ?? {};
    const earlier = asked.filter(name => name === FunctionName).length - 1;
    if (error !== undefined && earlier < times) throw Object.assign(new Error('from AWS'), { name: error });
    return { FunctionError: failure, Payload: { transformToString: () => payload } };
  };
  return { asked, lambda: { send } as unknown as Pick<LambdaClient, 'send'> };
}

it('a function that says ok has no problem, and every other answer is one, with the name of the function', async () => {
  const { lambda } = lambdaWith({
    fine: { payload: '{"status":"ok"}' },
    failing: { payload: '{"status":"failing","problem":"table: store: TimeoutError"}' },
    waiting: { payload: '{"status":"restored-table","problem":"table: restored table"}' },
    broken: {
      failure: 'Unhandled',
      payload: '{"errorMessage":"The configuration is not valid:\\n  PULLPASS_ADMINISTRATORS holds x"}',
    },
    killed: { failure: 'Unhandled', payload: '' },
    foreign: { payload: '{"statusCode":400}' },
    absent: { error: 'ResourceNotFoundException' },
  });
  const names = ['fine', 'failing', 'waiting', 'broken', 'killed', 'foreign', 'absent'];
  expect(await healthOf(lambda, names)).toEqual([
    { name: 'fine' },
    { name: 'failing', problem: 'table: store: TimeoutError', waits: false },
    { name: 'waiting', problem: 'table: restored table', waits: true },
    {
      name: 'broken',
      problem: 'does not start: The configuration is not valid:\n  PULLPASS_ADMINISTRATORS holds x',
    },
    { name: 'killed', problem: 'does not start: Unhandled' },
    { name: 'foreign', problem: 'answered {"statusCode":400}', waits: false },
    { name: 'absent', problem: 'could not be asked: ResourceNotFoundException: from AWS' },
  ]);
});

it('a function whose only execution is busy is asked again, and is well when it stays busy', async () => {
  const busy = { error: 'TooManyRequestsException', payload: '{"status":"ok"}' };
  const { lambda, asked } = lambdaWith({ soon: { ...busy, times: 2 }, never: busy });
  expect(await healthOf(lambda, ['soon', 'never'], { attempts: 4, pauseMs: 1 })).toEqual([
    { name: 'soon' },
    { name: 'never' },
  ]);
  expect(asked.filter(name => name === 'soon')).toHaveLength(3);
  expect(asked.filter(name => name === 'never')).toHaveLength(4);
});
