/**
 * What osls lacks for this deployment: routes from the table of routes, archives of our own bundles and nothing else, and
 * the same package bytes from the same sources.
 */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alarmResources } from '../alarms.ts';
import { type Bundle, bundle } from '../bundle.ts';
import { dashboardResource } from '../dashboard.ts';
import { proxiedServices, registryDomains, type Statement, upstreamStatements } from '../registry.ts';
import { eventsOf, type HttpFunction, routeSettings } from '../routes.ts';
import { sbomText } from '../sbom.ts';
import type { Template } from '../template.ts';
import { zipOf } from '../zip.ts';

/** The parts of osls that are used here. */
interface Osls {
  readonly serviceDir: string;
  readonly service: {
    readonly service: string;
    readonly functions: Record<string, { environment?: object; package?: { artifact?: string } }>;
    readonly package: { artifactDirectoryName?: string };
    /** What serverless.yml says under `resources`, in one. */
    readonly resources: Writable<Template>;
    readonly provider: { readonly stage: string; readonly compiledCloudFormationTemplate: Template };
  };
}

type Writable<T> = { -readonly [K in keyof T]: Record<string, T[K][keyof T[K]]> };

interface Question {
  readonly address: string;
  resolveVariable(variable: string): Promise<unknown>;
  resolveConfigurationProperty(path: readonly string[]): Promise<unknown>;
}

interface Policy {
  readonly PolicyDocument: { readonly Statement: Statement[] };
}

/** Where osls writes the package. */
const OUTPUT = '.serverless';
const SERVICES = 'deployment/services.json';
/** The deployment files, by the variable that names their path on Lambda. */
const FILES = { PULLPASS_SERVICES: SERVICES, PULLPASS_ISSUERS: 'deployment/issuers.json' } as const;

export default class PullpassPlugin {
  readonly #osls: Osls;
  readonly configurationVariablesSources = { pullpass: { resolve: answer } };
  readonly hooks: Readonly<Record<string, () => unknown>>;

  constructor(osls: Osls) {
    this.#osls = osls;
    this.hooks = {
      initialize: () => this.#placeRegistry(),
      'before:package:createDeploymentArtifacts': () => this.#pack(),
      'after:package:compileEvents': () => this.#limitRoutes(),
      'before:package:finalize': () => this.#dropRedundant(),
    };
  }

  /** The registry proxy is there with the rights at its upstreams, or not at all. */
  #placeRegistry(): void {
    const { functions, resources } = this.#osls.service;
    const proxied = proxiedServices(SERVICES);
    if (proxied.length === 0) {
      delete functions.registry;
      delete resources.Resources.RegistryRole;
      return;
    }
    const [policy] = (resources.Resources.RegistryRole?.Properties.Policies ?? []) as readonly Policy[];
    policy?.PolicyDocument.Statement.push(...upstreamStatements(proxied));
    for (const [part, added] of Object.entries(registryDomains(proxied)))
      Object.assign(resources[part as keyof Template], added);
  }

  /** Bundles again, so that nothing stale is deployed. */
  async #pack(): Promise<void> {
    const { serviceDir, service } = this.#osls;
    const bundles = join(serviceDir, '.build', 'package');
    await rm(bundles, { recursive: true, force: true });
    const built: Bundle[] = [];
    for (const [name, settings] of Object.entries(service.functions)) {
      built.push(await bundle(name, bundles));
      const bytes = await zipOf(join(bundles, name), filesOf(serviceDir, settings));
      // The name changes with the content, because CloudFormation compares only names.
      const artifact = `${OUTPUT}/${name}-${hash('sha256', bytes).slice(0, 16)}.zip`;
      await writeFile(join(serviceDir, artifact), bytes);
      settings.package = { ...settings.package, artifact };
    }
    await writeFile(join(serviceDir, OUTPUT, 'sbom.cdx.json'), sbomText(built, serviceDir));
    service.package.artifactDirectoryName = `serverless/${service.service}/${service.provider.stage}/${timeOf(serviceDir)}`;
  }

  /** API Gateway refuses settings for routes that do not exist yet. */
  #limitRoutes(): void {
    const { functions, provider } = this.#osls.service;
    const { Resources } = provider.compiledCloudFormationTemplate;
    const routes = Object.keys(Resources).filter(
      name => Resources[name]?.Type === 'AWS::ApiGatewayV2::Route',
    );
    const stage = Resources.HttpApiStage;
    if (stage === undefined) throw new Error('The template has no HttpApiStage.');
    stage.DependsOn = routes;
    Object.assign(stage.Properties, routeSettings(Object.keys(functions)));
  }

  /** osls names dependencies that references imply already; linters complain about them. */
  #dropRedundant(): void {
    const { Resources } = this.#osls.service.provider.compiledCloudFormationTemplate;
    for (const resource of Object.values(Resources)) {
      const referred = new Set(referredIn(resource.Properties));
      const needed = [resource.DependsOn ?? []].flat().filter(name => !referred.has(name));
      if (needed.length > 0) resource.DependsOn = needed;
      else delete resource.DependsOn;
    }
  }
}

/** The resources that a value refers to. */
function* referredIn(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Ref') yield inner;
    else if (key === 'Fn::GetAtt') yield inner[0];
    else yield* referredIn(inner);
  }
}

/** What serverless.yml asks for as `${pullpass:…}`. */
async function answer({ address, ...osls }: Question): Promise<{ value: unknown }> {
  const [what, name] = address.split('.');
  if (what === 'routes') return { value: eventsOf(name as HttpFunction) };
  if (what === 'services') return { value: hash('sha256', readFileSync(SERVICES)) };
  if (what !== 'alarms')
    throw new Error(`pullpass:${address} is unknown; use routes.<function>, services or alarms.`);
  const stage = String(await osls.resolveVariable('sls:stage'));
  const configured = Object.keys(Object(await osls.resolveConfigurationProperty(['functions'])));
  const absent = proxiedServices(SERVICES).length === 0 ? ['registry'] : [];
  const functions = configured.filter(name => !absent.includes(name));
  const Resources = { ...alarmResources(functions, stage), ...dashboardResource(functions, stage) };
  return { value: { Resources } };
}

function filesOf(serviceDir: string, { environment = {} }: { environment?: object }): Map<string, string> {
  const named = Object.entries(FILES).filter(([variable]) => variable in environment);
  return new Map(named.map(([, path]) => [path, join(serviceDir, path)]));
}

/**
 * The time of the last commit, in the form of osls's deployment directories: the only time in a package. Outside a clone
 * it is SOURCE_DATE_EPOCH, or 1970.
 */
function timeOf(serviceDir: string): string {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  const log = ['log', '-1', '--format=%ct'];
  const cloned = given === undefined && existsSync(join(serviceDir, '.git'));
  const seconds = given ?? (cloned ? execFileSync('git', log, { cwd: serviceDir, encoding: 'utf8' }) : 0);
  const time = new Date(Number(seconds) * 1000);
  return `${time.getTime()}-${time.toISOString()}`;
}
