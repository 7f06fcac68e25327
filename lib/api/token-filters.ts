/** The filters of `GET /v1/tokens`, as its query names them. */
import type { Problem } from '../domain/errors.ts';
import { TOKEN_STATES, type TokenFilter } from '../domain/token-filter.ts';
import { type Form, single } from '../http/form.ts';
import { invalid } from './parameters.ts';

/** What the query may have beside `limit` and `cursor`. Only `label` may be repeated. */
export const TOKEN_FILTERS = [
  'label',
  'owner',
  'access',
  'state',
  'unusedForSeconds',
  'expiresWithinSeconds',
  'id',
] as const;

const MAX_LABELS = 8;
const LABEL = /^([a-z0-9._/-]{1,63})=(.*)$/s;
const SECONDS = /^\d{1,10}$/;
const ID = /^[0-9a-f-]{1,36}$/;

type Read<T> = readonly [accepts: (text: string) => T | undefined, otherwise: string];

const ONE_OF = <const T extends string>(words: readonly T[]): Read<T> => [
  text => words.find(word => word === text),
  `must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
];

const A_TIME: Read<number> = [
  text => (SECONDS.test(text) ? Number(text) : undefined),
  'must be a whole number of seconds, of at most ten digits',
];

const READERS = {
  owner: [
    text => (text === '' || [...text].length > 128 ? undefined : text),
    'must have 1 to 128 characters',
  ] as Read<string>,
  access: ONE_OF(['pull', 'push']),
  state: ONE_OF(TOKEN_STATES),
  unusedForSeconds: A_TIME,
  expiresWithinSeconds: A_TIME,
  id: [
    text => (ID.test(text.toLowerCase()) ? text.toLowerCase() : undefined),
    'must be an identifier or what it begins with',
  ] as Read<string>,
};

/** The filters, in one order for every order of the query. Throws `invalid-request` with every problem. */
export function tokenFilterIn(query: Form): TokenFilter {
  const problems: Problem[] = [];
  const filter: Record<string, unknown> = {};
  for (const [name, [accepts, message]] of Object.entries(READERS)) {
    const text = single(query, name);
    if (text === undefined) continue;
    const value = accepts(text);
    if (value === undefined) problems.push({ path: name, message });
    else filter[name] = value;
  }
  const labels = labelsIn(query.get('label') ?? [], problems);
  if (problems.length > 0) throw invalid(problems, 'query');
  return labels.length === 0 ? filter : { ...filter, labels };
}

function labelsIn(texts: readonly string[], problems: Problem[]): (readonly [string, string])[] {
  if (texts.length > MAX_LABELS)
    problems.push({ path: 'label', message: `may be given ${MAX_LABELS} times at most` });
  return [...new Set(texts)].sort().flatMap(text => {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name !== undefined && value !== undefined && [...value].length <= 63) return [[name, value] as const];
    problems.push({
      path: 'label',
      message: 'must be a name of a label, = and its value, as in team=builds',
    });
    return [];
  });
}
