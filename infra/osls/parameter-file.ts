/** Reads the parameters of a stage: `deployment/<stage>.json`, which is committed, and the few that `--param` may override. */
import { join } from 'node:path';
import * as v from 'valibot';
import { jsonFile } from '../../lib/config/values.ts';
import { sentenceOf } from '../../lib/domain/errors.ts';
import { pipe, safeParse, string } from '../../lib/domain/schema.ts';
import { PARAMETERS, type Parameter, type ParameterName, type Value } from '../parameters.ts';

export type Parameters = { readonly [N in ParameterName]: (typeof PARAMETERS)[N]['absent'] };

export interface ParameterFile {
  /** The region of the deployment, where the file names one. */
  readonly region: string | undefined;
  readonly values: Parameters;
  /** The parameters that were given and are not valid; their values here are the defaults. */
  readonly invalid: ReadonlySet<string>;
  /** A line for each problem, with the names of the file and of the parameter. */
  readonly problems: readonly string[];
}

export interface ParameterSources {
  readonly directory: string;
  readonly stage: string;
  /** What was given as `--param`, each `<name>=<value>`. */
  readonly overrides: readonly string[];
}

/** What osls knows before it loads plugins. */
export interface OslsInput {
  readonly serviceDir: string;
  readonly processedInput: {
    readonly commands: readonly string[];
    readonly options: {
      readonly param?: readonly string[];
      readonly region?: string;
      readonly 'allow-change'?: readonly string[];
    };
  };
  readonly configurationInput: { readonly provider: { readonly stage: string; readonly region: string } };
}

/** The parameters of the deployment that osls was called for. */
export function parametersOf({ serviceDir, processedInput, configurationInput }: OslsInput): ParameterFile {
  const { stage } = configurationInput.provider;
  return readParameters({ directory: serviceDir, stage, overrides: processedInput.options.param ?? [] });
}

const TABLE: Readonly<Record<string, Parameter>> = PARAMETERS;
const NAMES = Object.keys(TABLE);
/** What the file may hold besides parameters. */
const OTHERS = ['$schema', 'region'] as const;
/** A misspelt name is one of these many letters from the right one. */
const TYPOS = 3;
const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d$/;

export function fileOf(stage: string): string {
  return `deployment/${stage}.json`;
}

/** What was found while reading. */
interface Findings {
  readonly problems: string[];
  readonly invalid: Set<string>;
}

/** The values of every parameter. */
export function readParameters({ directory, stage, overrides }: ParameterSources): ParameterFile {
  const findings: Findings = { problems: [], invalid: new Set() };
  const file = contentOf(directory, stage, findings);
  const region = regionOf(file, stage, findings);
  const given = { ...valuesIn(file, stage, findings), ...overridden(overrides, stage, findings) };
  const values = NAMES.map(name => [name, given[name] ?? defaultOf(name, stage)]);
  return { region, values: Object.fromEntries(values), ...findings };
}

function defaultOf(name: string, stage: string): Value | undefined {
  const absent = TABLE[name]?.absent;
  return typeof absent === 'string' ? absent.replace('<stage>', stage) : absent;
}

function contentOf(directory: string, stage: string, { problems }: Findings): Record<string, unknown> {
  const path = join(directory, fileOf(stage));
  const { output, issues, success } = safeParse(pipe(string(), jsonFile), path);
  if (!success) {
    const [{ message }] = issues;
    const fault = message.slice(message.indexOf(', which ') + ', which '.length);
    const advice = fault === 'does not exist' ? ': copy deployment/example.json, and commit it' : '';
    problems.push(`${fileOf(stage)} ${fault}${advice}`);
    return {};
  }
  if (typeof output === 'object' && output !== null && !Array.isArray(output))
    return output as Record<string, unknown>;
  problems.push(`${fileOf(stage)} must hold an object: { "<parameter>": <value> }`);
  return {};
}

function valuesIn(
  file: Readonly<Record<string, unknown>>,
  stage: string,
  findings: Findings,
): Record<string, Value> {
  const entries = Object.entries(file).filter(([name]) => !OTHERS.some(other => other === name));
  const values = entries.flatMap(([name, value]) => {
    if (Object.hasOwn(TABLE, name))
      return checked(name, value, { where: `${name} in ${fileOf(stage)}`, findings });
    findings.problems.push(`${fileOf(stage)} holds ${name}, which is no parameter${suggestion(name)}`);
    return [];
  });
  return Object.fromEntries(values);
}

/** The name and its value; nothing for one that is not valid. */
function checked(
  name: string,
  value: unknown,
  { where, findings }: { readonly where: string; readonly findings: Findings },
): [name: string, value: Value][] {
  const { success, output, issues } = v.safeParse((TABLE[name] as Parameter).schema, value);
  if (success) return [[name, output]];
  findings.problems.push(...issues.map(issue => `${where} ${sentenceOf(issue)}`));
  findings.invalid.add(name);
  return [];
}

function overridden(overrides: readonly string[], stage: string, findings: Findings): Record<string, Value> {
  const names = overrides.map(given => given.split('=', 1)[0] ?? '');
  const values = overrides.flatMap((given, i) => {
    const name = names[i] ?? '';
    const problem = names.indexOf(name) < i ? 'is given twice' : overrideProblem(name, given, stage);
    if (problem !== undefined) {
      findings.problems.push(`--param ${name} ${problem}`);
      return [];
    }
    const text = given.slice(name.length + 1);
    const value = typeof TABLE[name]?.absent === 'number' && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    return checked(name, value, { where: `--param ${name}`, findings });
  });
  return Object.fromEntries(values);
}

function overrideProblem(name: string, given: string, stage: string): string | undefined {
  if (!Object.hasOwn(TABLE, name)) return `is no parameter${suggestion(name)}`;
  if (TABLE[name]?.override !== true) {
    const others = NAMES.filter(other => TABLE[other]?.override === true).join(', ');
    return `is not taken: write it in ${fileOf(stage)}. Only these can be overridden: ${others}`;
  }
  return given.length > name.length + 1 ? undefined : `has no value: write --param ${name}=<value>`;
}

function regionOf(
  { region }: Readonly<Record<string, unknown>>,
  stage: string,
  { problems }: Findings,
): string | undefined {
  if (region === undefined) return undefined;
  if (typeof region === 'string' && REGION.test(region)) return region;
  problems.push(`region in ${fileOf(stage)} must be the name of a region, such as eu-central-1`);
  return undefined;
}

function suggestion(name: string): string {
  const [nearest] = NAMES.map(known => ({
    known,
    distance: distance(name.toLowerCase(), known.toLowerCase()),
  }))
    .filter(({ known, distance: typos }) => typos < Math.min(TYPOS + 1, known.length / 2))
    .sort((a, b) => a.distance - b.distance);
  return nearest === undefined ? '' : `; did you mean ${nearest.known}?`;
}

/** How many letters have to be added, left out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
