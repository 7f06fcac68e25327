/** Finds the route of a method and path, because platforms differ in what they decode before matching; and checks its query. */

import { PullpassError } from '../domain/errors.ts';
import { isQuotable } from '../domain/secret.ts';
import type { Form } from './form.ts';
import type { ErrorFormat, Route } from './request.ts';

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /**
   * Matches byte for byte, and decodes nothing: a decoded slash would let two names be one. What a parameter of one segment
   * may hold is for its handler to judge, who gets 512 characters of it; one of several segments holds no `%` and at most 512
   * characters. A known path with another method is `method-not-allowed`.
   */
  match(method: string, path: string): Match;
  /** How errors at the path look; undefined where there is nothing. */
  errorFormatOf(path: string): ErrorFormat | undefined;
}

interface CompiledRoute {
  readonly route: Route;
  readonly pattern: RegExp;
}

/** Far more than the longest that is right: what is longer need not be read in full to be refused. */
const MAX_PARAMETER_LENGTH = 512;

/** Nothing is at a longer path: every route would be compared with all of it. */
const MAX_PATH_LENGTH = 2_048;

export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map(compile);
  const at = (path: string) =>
    path.length > MAX_PATH_LENGTH ? [] : compiled.filter(({ pattern }) => pattern.test(path));
  return {
    match(method, path) {
      const candidates = at(path);
      if (candidates.length === 0)
        throw new PullpassError('not-found', { detail: 'There is nothing at this path.' });
      const found = candidates.find(({ route }) => route.method === method || route.method === 'ANY');
      if (found !== undefined) return { route: found.route, params: paramsIn(found, path) };
      throw new PullpassError('method-not-allowed', { allow: candidates.map(({ route }) => route.method) });
    },
    errorFormatOf: path => at(path)[0]?.route.errors,
  };
}

function paramsIn({ route, pattern }: CompiledRoute, path: string): Record<string, string> {
  const groups = Object.entries(pattern.exec(path)?.groups ?? {});
  const whole = route.path.endsWith('+}');
  return Object.fromEntries(
    groups.map(([name, value]) => [name, whole ? value : value.slice(0, MAX_PARAMETER_LENGTH)]),
  );
}

/** `{name}` becomes one segment, `{name+}` one or more; everything else is literal. */
function compile(route: Route): CompiledRoute {
  const source = route.path
    .replaceAll('.', '\\.')
    .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')
    .replace(/\{(\w+)\+\}$/, '(?<$1>[^%]{1,512})');
  return { route, pattern: new RegExp(`^${source}$`) };
}

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
