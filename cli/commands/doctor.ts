/** `doctor`: checks whether the deployment, the login and the registries work together, and says what does not. */
import type { Command } from 'commander';
import { isRepository } from '../../lib/domain/repository.ts';
import type { Context } from '../context.ts';
import { examineDeployment } from '../doctor/deployment.ts';
import { type CheckResult, type Finding, Findings } from '../doctor/findings.ts';
import { examineRegistry } from '../doctor/registry.ts';
import { SilentExit, UsageError } from '../errors.ts';
import type { Credentials } from '../login.ts';
import { serviceOf } from '../registry/service.ts';
import type { Session } from '../session.ts';
import type { Target, TargetService } from '../target.ts';
import { askPrincipal, principalText } from './whoami.ts';

export function addDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('check this machine, the deployment and its registries, and say what is wrong')
    .helpGroup('Finding out:')
    .argument('[service]', 'one registry; by default all of the target')
    .option('--repository <name>', 'of a registry proxy: one that must be there')
    .action((service: string | undefined, options: Options) => doctor(context, service, options));
}

interface Options {
  readonly repository?: string;
}

async function doctor(context: Context, wanted: string | undefined, { repository }: Options): Promise<void> {
  if (repository !== undefined && !isRepository(repository))
    throw new UsageError('--repository must be the whole name of a repository, as in team-a/app.');
  const { output } = context;
  const findings = new Findings(async finding => {
    if (output.format === 'human') await output.lines(inWords(finding));
  });
  const session = await context.session();
  const found = await examineDeployment(findings, session, context);
  const services = found?.services ?? session.target.services;
  const credentials =
    found === undefined
      ? await findings.skip('login', 'a deployment whose metadata are correct')
      : await findings.check('login', () => checkLogin(session, services));
  const examined = await findings.check('service', () => chosen(session, services, wanted));
  const nowMs = context.clock();
  for (const service of examined ?? []) {
    await examineRegistry(findings, {
      session,
      service,
      nowMs,
      credentials,
      isServed: found !== undefined,
      registryMs: context.timeouts.registryMs,
      network: context.environment.network,
      repository,
    });
  }
  if (output.format === 'json')
    await output.show({ healthy: findings.isHealthy, findings: findings.all }, '');
  if (!findings.isHealthy) throw new SilentExit();
}

async function checkLogin(
  session: Session,
  services: readonly TargetService[],
): Promise<CheckResult<Credentials>> {
  const credentials = await session.credentials();
  const principal = await askPrincipal(session.broker, credentials, services);
  return { fact: credentials, message: `You are ${principalText(principal)}.` };
}

function chosen(
  { target }: Session,
  services: Target['services'],
  wanted: string | undefined,
): CheckResult<readonly TargetService[]> {
  const [first] = services;
  const fact =
    wanted === undefined && first !== undefined ? services : [serviceOf({ ...target, services }, wanted)];
  return { fact, message: fact.map(({ name, registry }) => `${name} at ${registry}`).join(', ') };
}

const MARKS: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  problem: 'PROBLEM',
  skipped: 'skipped',
};

function inWords({ check, state, message, advice }: Finding): string[] {
  const line = `${MARKS[state]}  ${check}: ${message}`;
  return advice === undefined ? [line] : [line, `         ${advice}`];
}
