/** Judges a deployment before anything of it is made: its files by the schemas of lib/config, as at every start, and its parameters together. */
import { join } from 'node:path';
import { type Config, ConfigurationError, readConfig, type SettingName } from '../../lib/config/config.ts';
import { jsonFile } from '../../lib/config/values.ts';
import { CEILING_SHAPE, parseCeilingRule } from '../../lib/domain/account-rules.ts';
import { type Issuers, identityIssuers, parseAdministrator } from '../../lib/domain/identity.ts';
import { parseRegistrationRule } from '../../lib/domain/namespace.ts';
import * as v from '../../lib/domain/schema.ts';
import { isProxied } from '../../lib/domain/service.ts';
import { BUDGETS } from '../budgets.ts';
import { registryServices } from '../registry.ts';
import { rateSum } from '../routes.ts';
import { UNRESERVED } from './account.ts';
import { fileOf, type Parameters } from './parameter-file.ts';

export interface Deployment {
  /** Of serverless.yml. */
  readonly directory: string;
  readonly stage: string;
  readonly region: string;
  readonly values: Parameters;
  /** The parameters whose values are not those that were given. */
  readonly invalid: ReadonlySet<string>;
}

export const FILES = {
  PULLPASS_SERVICES: 'deployment/services.json',
  PULLPASS_ISSUERS: 'deployment/issuers.json',
} as const;

/** Other files of the directory. */
const TAKEN = ['services', 'issuers', 'schema', 'example'];

/** The longest name that Lambda takes. */
const MAX_FUNCTION_NAME = 64;
const LONGEST_NAME = Math.max(...Object.keys(BUDGETS).map(name => name.length));
export const MAX_STAGE = MAX_FUNCTION_NAME - 'pullpass-'.length - '-'.length - LONGEST_NAME;

/** A line for each problem, with the name of the file or parameter that has it. */
export function deploymentProblems(deployment: Deployment): string[] {
  const configuration = configurationProblems(deployment);
  const registry =
    configuration.services === undefined
      ? { served: false, hasHosts: false, problems: [] }
      : registryIn(deployment);
  return [
    ...stageProblems(deployment),
    ...domainProblems(deployment, registry.hasHosts),
    ...copyProblems(deployment),
    ...capacityProblems(deployment, registry.served),
    ...configuration.problems,
    ...proberProblems(deployment, configuration.issuers),
    ...registry.problems,
  ];
}

interface Registry {
  /** Whether the function is deployed. */
  readonly served: boolean;
  /** Whether clients reach it under hosts of their own. */
  readonly hasHosts: boolean;
  readonly problems: readonly string[];
}

function registryIn({ directory }: Deployment): Registry {
  try {
    const services = registryServices(join(directory, FILES.PULLPASS_SERVICES));
    return { served: services.length > 0, hasHosts: services.some(isProxied), problems: [] };
  } catch (error) {
    return {
      served: true,
      hasHosts: true,
      problems: (error as Error).message.replaceAll(`${directory}/`, '').split('\n'),
    };
  }
}

function stageProblems({ stage, values: { table } }: Deployment): string[] {
  const problems: string[] = [];
  if (stage.length > MAX_STAGE)
    problems.push(
      `stage ${stage} is too long: at most ${MAX_STAGE} characters, so that functions can be named`,
    );
  if (TAKEN.includes(stage))
    problems.push(`stage ${stage} cannot be: ${fileOf(stage)} is not a stage's file`);
  if (!/^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/.test(stage))
    problems.push(`stage ${stage} must be letters and digits, with single hyphens between them`);
  // The table of the stage a-ledger would be the ledger of the stage a.
  if (/-ledger$/.test(stage))
    problems.push(`stage ${stage} must not end in -ledger, as tables of ledgers do`);
  if (table === `pullpass-${stage}-ledger`) problems.push(`table ${table} is the ledger of the stage`);
  return problems;
}

/** The hosts of the registry proxy have the certificate and the zone of the domain, and may be the only ones that need them. */
function domainProblems({ region, values, invalid }: Deployment, hasHosts: boolean): string[] {
  if (['domain', 'certificate', 'hostedZone'].some(name => invalid.has(name))) return [];
  const { domain, certificate, hostedZone } = values;
  const problems: string[] = [];
  if (domain !== '' && certificate === '')
    problems.push('domain needs certificate: the ARN of its certificate');
  if (domain === '' && certificate !== '' && !hasHosts) problems.push('certificate needs domain');
  if (domain === '' && hostedZone !== '' && !hasHosts) problems.push('hostedZone needs domain');
  const [, , , at = region] = certificate.split(':');
  if (at !== region)
    problems.push(`certificate is of ${at}; it must be of ${region}, where the deployment is`);
  return problems;
}

function copyProblems({ region, values: { copyRegion, kmsKey } }: Deployment): string[] {
  if (copyRegion === '') return [];
  const problems: string[] = [];
  if (copyRegion === region)
    problems.push(`copyRegion is ${region}, where the deployment is: name another region`);
  if (kmsKey !== '' && !/:key\/mrk-/.test(kmsKey))
    problems.push(
      `copyRegion needs a kmsKey that has a replica in ${copyRegion}, and ${kmsKey} is no multi-Region key (mrk-…): its copies could not be encrypted`,
    );
  return problems;
}

function capacityProblems({ values }: Deployment, hasRegistry: boolean): string[] {
  const { accountRate, concurrency, loginConcurrency, accountConcurrency, loginUrl } = values;
  const problems: string[] = [];
  if (loginUrl === 'on' && concurrency === 'shared')
    problems.push('loginUrl needs "concurrency": "reserved": nothing else bounds what reaches that URL');
  if (concurrency === 'reserved' && loginConcurrency + UNRESERVED > accountConcurrency)
    problems.push(
      `loginConcurrency ${loginConcurrency} and the ${UNRESERVED} that Lambda keeps free are more than accountConcurrency, ` +
        `${accountConcurrency}: lower it, or write "concurrency": "shared"`,
    );
  const functions = Object.keys(BUDGETS).filter(name => hasRegistry || name !== 'registry');
  const sum = rateSum(functions, values);
  if (sum > accountRate)
    problems.push(
      `the rates of all routes are ${sum} requests a second together, more than accountRate, ${accountRate}: ` +
        'a flood on one route would take from the others. Lower loginRate or another of the rates',
    );
  return problems;
}

function configurationProblems({ directory, stage, values }: Deployment) {
  const paths = Object.entries(FILES).map(([name, path]) => [name, join(directory, path)]);
  const problems: string[] = [];
  /** The other file is judged too when one is not valid. */
  const read = <N extends SettingName>(name: N): Config<N>[N] | undefined => {
    try {
      return readConfig([name], Object.fromEntries(paths))[name];
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems.map(problem => named(problem, directory)));
      return undefined;
    }
  };
  const issuers = read('issuers');
  const services = read('services');
  problems.push(...clientFiles(join(directory, FILES.PULLPASS_ISSUERS)));
  for (const list of Object.keys(LISTS) as List[])
    problems.push(
      ...listProblems(list, [values[list]].flat(), issuers).map(
        problem => `${list} in ${fileOf(stage)} ${problem}`,
      ),
    );
  return { problems, services, issuers };
}

function proberProblems({ values }: Deployment, issuers: Issuers | undefined): string[] {
  if (values.prober !== 'on' || issuers === undefined || issuers.aws !== null) return [];
  return [
    `prober is on, and it proves its role at AWS: add { "key": "aws", "kind": "aws" } to ${FILES.PULLPASS_ISSUERS}, or switch it off`,
  ];
}

/** Nothing but the deployment files is packaged, so a function would not find it. */
function clientFiles(path: string): string[] {
  const { output } = v.safeParse(v.pipe(v.string(), jsonFile), path);
  return (Array.isArray(output) ? output : []).flatMap((entry, i) => {
    const secret: unknown = Object(Object(entry).client).secret;
    if (typeof secret !== 'string' || !secret.startsWith('file:')) return [];
    return [
      `${FILES.PULLPASS_ISSUERS} [${i}][client][secret] is in a file, which no function has: name a secret by its ARN`,
    ];
  });
}

type List = 'administrators' | 'namespaces' | 'rulesCeiling';

/** Undefined: the entry is not valid. */
type EntryParser = (entry: string) => { readonly account?: string } | undefined;

/** How the entries of a list are read, as at a start. */
const LISTS: Readonly<Record<List, { readonly parse: EntryParser; readonly shape: string }>> = {
  administrators: { parse: parseAdministrator, shape: '<issuer>:<account>:<subject>' },
  namespaces: { parse: parseRegistrationRule, shape: '<account>=<namespace or prefix*>' },
  rulesCeiling: { parse: entry => parseCeilingRule(entry) && {}, shape: CEILING_SHAPE },
};

function listProblems(list: List, entries: readonly string[], issuers: Issuers | undefined): string[] {
  const { parse, shape } = LISTS[list];
  const given = list === 'namespaces' && entries[0] === 'open' ? [] : entries;
  const bad = given.filter(entry => parse(entry) === undefined);
  const known = issuers && identityIssuers(issuers);
  // No caller can have such an account: none of the issuers vouches for it.
  const strangers = given
    .flatMap(entry => parse(entry)?.account ?? [])
    .filter(account => known !== undefined && !known.has(account.slice(0, account.indexOf(':'))));
  return [
    ...(bad.length > 0 ? [`holds ${bad.join(' and ')}; write each entry as ${shape}`] : []),
    ...strangers.map(account => `holds ${account}, but ${FILES.PULLPASS_ISSUERS} has no such issuer`),
  ];
}

/** Names the file instead of the variable that a function will have. */
function named(problem: string, directory: string): string {
  return problem
    .replace(/^PULLPASS_(?:SERVICES|ISSUERS) names /, '')
    .replace(`${directory}/`, '')
    .replace(/, which /, ' ')
    .replace(/^PULLPASS_SERVICES/, FILES.PULLPASS_SERVICES)
    .replace(/^PULLPASS_ISSUERS/, FILES.PULLPASS_ISSUERS);
}
