/** Refuses parameters of a query that the route does not have. */
import { PullpassError } from '../domain/errors.ts';
import { isQuotable } from '../domain/quotable.ts';
import type { Form } from './form.ts';
import type { Route } from './request.ts';

/** A parameter that would be ignored could be a bound that the caller relies on: `?limti=1`. */
export function checkQuery({ query: known }: Route, query: Form): void {
  if (known === undefined) return;
  const unknown = [...query.keys()].filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  const message = `is an unknown parameter; ${known.length === 0 ? 'there are none here' : `there are ${known.join(' and ')}`}`;
  throw new PullpassError('invalid-request', {
    detail: 'The query is not valid; see errors.',
    problems: unknown.map(name => ({ path: isQuotable(name) ? name : '?', message })),
  });
}
