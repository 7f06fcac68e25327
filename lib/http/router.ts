/** Finds the route of a method and path. Our own, because platforms differ in what they decode before matching. */
import { PullpassError } from '../domain/errors.ts';
import type { ErrorFormat, Route } from './request.ts';

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export interface Router {
  /**
   * Matches byte for byte, and decodes nothing: a decoded slash would let two names be one. What a segment may hold is for
   * its handler to judge. A path of more than 512 characters is `not-found`, a known path with another method `method-not-allowed`.
   */
  match(method: string, path: string): Match;
  /** How errors at the path look; undefined where there is nothing. */
  errorFormatOf(path: string): ErrorFormat | undefined;
}

interface CompiledRoute {
  readonly route: Route;
  readonly pattern: RegExp;
}

/** No path that is served is half as long; each is compared with every route. */
const MAX_PATH_LENGTH = 512;

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
      if (found !== undefined) return { route: found.route, params: { ...found.pattern.exec(path)?.groups } };
      throw new PullpassError('method-not-allowed', { allow: candidates.map(({ route }) => route.method) });
    },
    errorFormatOf: path => at(path)[0]?.route.errors,
  };
}

/** `{name}` becomes one segment, `{name+}` one or more; everything else is literal. */
function compile(route: Route): CompiledRoute {
  const source = route.path
    .replaceAll('.', '\\.')
    .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')
    .replace(/\{(\w+)\+\}$/, '(?<$1>.+)');
  return { route, pattern: new RegExp(`^${source}$`) };
}
