/** What osls lacks for this deployment: each part has a file beside this one. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { alarmResources } from '../alarms.ts';
import type { Deployed } from '../canary.ts';
import { dashboardResource } from '../dashboard.ts';
import { registryServices } from '../registry.ts';
import { eventsOf, type HttpFunction } from '../routes.ts';
import type { Resource } from '../template.ts';
import { adopt, adoptByName } from './adoption.ts';
import { keepDeployed, moveToOwnDirectory, pack, SERVICES } from './artifacts.ts';
import { addCanary, aliasFunctions } from './canary.ts';
import { dropRedundant, keepLogs, limitRoutes } from './compiled.ts';
import { placeProber, placeRegistry, proberIdentity } from './functions.ts';
import type { Osls, Question, Utilities } from './osls.ts';
import { type Parameters, parametersOf } from './parameter-file.ts';
import { protect, unprotectNew } from './protection.ts';
import { letGoOfReplaced } from './restored-table.ts';
import { boundRoles, fitResources } from './roles.ts';
import { makeUsable } from './stack.ts';

export default class PullpassPlugin {
  readonly configurationVariablesSources = { pullpass: { resolve: answer } };
  #unprotected: readonly Resource[] = [];
  readonly hooks: Readonly<Record<string, () => unknown>>;

  constructor(osls: Osls, options: { force?: boolean }, utilities: Utilities) {
    const compiled = () => osls.service.provider.compiledCloudFormationTemplate;
    let deployed: readonly Deployed[] = [];
    this.hooks = {
      initialize: () => {
        // osls would compare with what was uploaded last, be that deployed or not. Before, it reads its options once more.
        options.force = true;
        placeRegistry(osls.service);
        fitResources(osls.service, parametersOf(osls).values);
        placeProber(osls.service, parametersOf(osls).values.prober);
      },
      'before:package:createDeploymentArtifacts': () => pack(osls),
      'after:package:compileEvents': () => limitRoutes(osls.service, parametersOf(osls).values),
      'before:package:compileFunctions': () => {
        deployed = aliasFunctions(osls.service);
      },
      // Only then the template has what serverless.yml says under `resources`.
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        addCanary(osls.service, deployed);
        keepLogs(compiled());
        dropRedundant(compiled());
        boundRoles(compiled(), parametersOf(osls).values);
      },
      'before:aws:deploy:deploy:createStack': () => this.#prepare(osls, utilities),
      'after:aws:deploy:deploy:updateStack': () => protect(osls, this.#unprotected),
      'before:aws:deploy:finalize:cleanup': () => keepDeployed(osls),
    };
  }

  /** CloudFormation can then make or change the stack, and take it back, no matter what was there before. */
  async #prepare(osls: Osls, utilities: Utilities): Promise<void> {
    moveToOwnDirectory(osls.service, new Date());
    await makeUsable(osls, utilities);
    await letGoOfReplaced(osls, utilities);
    await adopt(osls, utilities);
    adoptByName(osls);
    this.#unprotected = await unprotectNew(osls);
  }
}

/** What serverless.yml asks for as `${pullpass:…}`. */
async function answer({ address, ...osls }: Question): Promise<{ value: unknown }> {
  const [what, name] = address.split('.');
  if (what === 'routes') return { value: eventsOf(name as HttpFunction) };
  if (what === 'services') return { value: hash('sha256', readFileSync(SERVICES)) };
  const prober = (await osls.resolveVariable('param:prober')) as Parameters['prober'];
  if (what === 'prober') return { value: proberIdentity(prober) };
  if (what !== 'alarms')
    throw new Error(`pullpass:${address} is unknown; use routes.<function>, services, prober or alarms.`);
  const stage = String(await osls.resolveVariable('sls:stage'));
  const configured = Object.keys(Object(await osls.resolveConfigurationProperty(['functions'])));
  const absent = [
    ...(registryServices(SERVICES).length === 0 ? ['registry'] : []),
    ...(prober === 'on' ? [] : ['prober']),
  ];
  const functions = configured.filter(name => !absent.includes(name));
  const concurrency = {
    loginConcurrency: Number(await osls.resolveVariable('param:loginConcurrency')),
    accountConcurrency: Number(await osls.resolveVariable('param:accountConcurrency')),
  };
  const Resources = {
    ...alarmResources(functions, stage, concurrency),
    ...dashboardResource(functions, stage),
  };
  return { value: { Resources } };
}
