/** Expectations of a command, which show its whole output when they fail. */
import { expect } from 'vitest';
import type { Result } from './processes.ts';

export function expectSuccess(result: Result): void {
  expect(result, result.output).toMatchObject({ code: 0 });
}

/** The command has failed by itself, and its user has read this. */
export function expectRefusal(result: Result, text: string): void {
  expect(result.output).toContain(text);
  expect(result, result.output).toMatchObject({
    code: expect.toSatisfy(code => code !== 0),
    timedOut: false,
  });
}
