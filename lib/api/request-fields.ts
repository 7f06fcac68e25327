/** Fields that several bodies of requests have. */
import * as v from 'valibot';
import { MAX_NETWORKS, readNetwork } from '../domain/networks.ts';
import { PATTERN_SCHEMA, patternProblem } from '../domain/repository.ts';

const MAX_PATTERNS = 32;

const pattern = v.pipe(
  v.string(),
  v.metadata(PATTERN_SCHEMA),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? patternProblem(dataset.value) : undefined;
    if (problem !== undefined) addIssue({ message: problem });
  }),
);

export const repositories = v.nullable(
  v.pipe(
    v.array(pattern, 'must be a list of repository patterns, or null'),
    v.minLength(1, 'must hold at least one pattern; null means all namespaces'),
    v.maxLength(MAX_PATTERNS, `must hold at most ${MAX_PATTERNS} patterns`),
    v.check(patterns => new Set(patterns).size === patterns.length, 'must not hold a pattern twice'),
    v.metadata({ uniqueItems: true }),
  ),
);

const network = v.pipe(
  v.string(),
  v.metadata({ pattern: '^[0-9A-Fa-f:.]+/[0-9]+$' }),
  v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
    const read = readNetwork(dataset.value);
    if ('network' in read) return read.network;
    addIssue({ message: read.problem });
    return NEVER;
  }),
);

export const networks = v.nullable(
  v.pipe(
    v.array(network, 'must be a list of networks, or null'),
    v.minLength(1, 'must hold at least one network; null means any address'),
    v.maxLength(MAX_NETWORKS, `must hold at most ${MAX_NETWORKS} networks`),
    v.check(all => new Set(all).size === all.length, 'must not hold a network twice'),
    v.metadata({ uniqueItems: true }),
  ),
);

/** Counted as JSON Schema counts them (validation, section 6.3.1): a pair of surrogates is one character. */
export function text(max: number) {
  return v.pipe(
    v.string(),
    v.metadata({ maxLength: max }),
    v.check(words => [...words].length <= max, `must have at most ${max} characters`),
  );
}

export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  return v.pipe(
    v.number('must be a whole number'),
    v.integer('must be a whole number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
}

/** The library drops these members of a record without a word. */
const DROPPED = ['constructor', 'prototype'];

/** A record that refuses the members which would be dropped, and lists: the library takes them for records. */
export function wholeRecord<S extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>>(schema: S): S {
  return {
    ...schema,
    '~run'(dataset, config) {
      const { value } = dataset;
      const dropped = DROPPED.filter(name => Object.hasOwn(Object(value), name));
      const result = schema['~run'](Array.isArray(value) ? { value: undefined } : dataset, config);
      for (const name of dropped) {
        v._addIssue(this, 'name', result, config, { message: `must not name anything ${name}` });
      }
      return result;
    },
  };
}
