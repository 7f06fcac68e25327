/** Compares a deployment with what the account has: what would move, collide or not fit is refused before anything is made. */
import type { Template } from '../template.ts';
import type { Account, DeployedStage } from './account.ts';

/** What a deployment must not change by accident; `--allow-change <name>` says that it shall. */
export const GUARDED = ['domain', 'table', 'stage'] as const;

export interface Plan {
  readonly stage: string;
  readonly template: Pick<Template, 'Parameters' | 'Resources'>;
  /** What was given as `--allow-change`. */
  readonly allowed: readonly string[];
}

/** A line for each problem. */
export async function accountProblems(plan: Plan, account: Account): Promise<string[]> {
  const stages = await account.stages();
  return [
    ...flagProblems(plan),
    ...changes(plan, stages),
    ...collisions(plan, stages),
    ...(await foreignLedgers(plan, account)),
    ...(await concurrencyProblems(plan, account)),
  ];
}

function flagProblems({ allowed }: Plan): string[] {
  return allowed
    .filter(name => !GUARDED.some(one => one === name))
    .map(name => `--allow-change ${name} is unknown; use ${GUARDED.join(', ')}`);
}

function changes({ stage, template, allowed }: Plan, stages: readonly DeployedStage[]): string[] {
  const before = stages.find(one => one.stage === stage);
  if (before === undefined) return newStage(stage, stages, allowed);
  const { Domain: domain, Table: table } = before.parameters;
  const problems: string[] = [];
  const wanted = { domain: parameter(template, 'Domain'), table: parameter(template, 'Table') };
  if (domain !== undefined && domain !== wanted.domain && !allowed.includes('domain'))
    problems.push(
      `domain would change from ${domain || '(none)'} to ${wanted.domain || '(none)'}. Access tokens would have another issuer, ` +
        'which every registry has in its configuration. If it shall change, deploy with --allow-change domain',
    );
  if (table !== undefined && table !== wanted.table && !allowed.includes('table'))
    problems.push(
      `table would change from ${table} to ${wanted.table}, and nothing would be served until the ledger was replayed into it. ` +
        'If it was restored, deploy with --allow-change table',
    );
  const key = {
    before: before.parameters.MultiRegionKey ?? 'off',
    wanted: parameter(template, 'MultiRegionKey'),
  };
  if (key.before !== key.wanted)
    problems.push(
      `multiRegionKey would change from ${key.before} to ${key.wanted}: that is another derivation key, and no value that was made with ` +
        `this one could be shown again. Leave it ${key.before}`,
    );
  return problems;
}

function newStage(stage: string, stages: readonly DeployedStage[], allowed: readonly string[]): string[] {
  if (stages.length === 0 || allowed.includes('stage')) return [];
  const others = stages.map(one => one.stage).join(', ');
  return [
    `stage ${stage} is not deployed here, and ${others} is: a stage has a URL, tables and keys of its own, and a new name takes ` +
      'nothing along. If it shall be a new one, deploy with --allow-change stage',
  ];
}

/** What two stages cannot have both; no flag helps. */
function collisions({ stage, template }: Plan, stages: readonly DeployedStage[]): string[] {
  const [domain, table] = [parameter(template, 'Domain'), parameter(template, 'Table')];
  return stages
    .filter(one => one.stage !== stage)
    .flatMap(other => [
      ...(domain !== '' && other.parameters.Domain === domain
        ? [`domain ${domain} is that of the stage ${other.stage}: take it away there first`]
        : []),
      ...(other.parameters.Table === table
        ? [`table ${table} is served by the stage ${other.stage}: a table has one`]
        : []),
    ]);
}

/** A removal would be written to one ledger, and undone by the restore of the other. */
async function foreignLedgers({ stage, template }: Plan, account: Account): Promise<string[]> {
  const table = parameter(template, 'Table');
  const ledgers = await account.ledgersOf(table);
  return ledgers
    .filter(name => name !== `pullpass-${stage}-ledger`)
    .map(
      name =>
        `table ${table} belongs to the ledger ${name} of another stage: restore it to a table of its own`,
    );
}

async function concurrencyProblems({ template }: Plan, account: Account): Promise<string[]> {
  if (parameter(template, 'Concurrency') !== 'reserved') return [];
  const wanted = reservations(template);
  const needed = wanted.reduce((sum, { count }) => sum + count, 0);
  const left = await account.reservable(wanted.map(({ name }) => name));
  if (left === undefined || needed <= left) return [];
  return [
    `concurrency: the functions reserve ${needed} executions at once, and the account has ${Math.max(left, 0)} left to reserve. ` +
      'Lower loginConcurrency, ask AWS for more, or write "concurrency": "shared"',
  ];
}

interface Reservation {
  readonly name: string;
  readonly count: number;
}

/** What each function reserves: `!If [ReservesConcurrency, <count>, …]`. */
function reservations(template: Plan['template']): Reservation[] {
  return Object.values(template.Resources).flatMap(({ Properties: properties }) => {
    const { FunctionName, ReservedConcurrentExecutions: reserved } = properties ?? {};
    if (typeof FunctionName !== 'string' || typeof reserved !== 'object' || reserved === null) return [];
    const [, count] =
      (reserved as { 'Fn::If'?: [string, number | { Ref: string }, unknown] })['Fn::If'] ?? [];
    return [
      {
        name: FunctionName,
        count: Number(typeof count === 'object' ? parameter(template, count.Ref) : (count ?? 0)),
      },
    ];
  });
}

function parameter({ Parameters }: Plan['template'], name: string): string {
  return String(Parameters[name]?.Default ?? '');
}
