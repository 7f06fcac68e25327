/** Answers as the platform wants them. */
import type { HttpResult, Response } from './exchange.ts';

/** Writes an answer as the result of a function with payload format 2.0. */
export function encodeResponse({ status, json, text, headers }: Response): HttpResult {
  if (text !== undefined) return { statusCode: status, headers: { ...headers }, body: text };
  if (json === undefined) return { statusCode: status, headers: { ...headers } };
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  };
}
