/** What the template of osls needs before it is written: limits of our routes, and no dependency that a reference says already. */
import { routeSettings, type Throttles } from '../routes.ts';
import type { Template } from '../template.ts';
import type { Osls } from './osls.ts';

/** API Gateway refuses settings for routes that do not exist yet. */
export function limitRoutes({ functions, provider }: Osls['service'], throttles: Throttles): void {
  const { Resources } = provider.compiledCloudFormationTemplate;
  const routes = Object.keys(Resources).filter(name => Resources[name]?.Type === 'AWS::ApiGatewayV2::Route');
  const stage = Resources.HttpApiStage;
  if (stage === undefined) throw new Error('The template has no HttpApiStage.');
  stage.DependsOn = routes;
  Object.assign(stage.Properties, routeSettings(Object.keys(functions), throttles));
}

/** They say why a deployment failed, and what was done by one that is gone. */
export function keepLogs({ Resources }: Template): void {
  for (const resource of Object.values(Resources)) {
    if (resource.Type !== 'AWS::Logs::LogGroup') continue;
    resource.DeletionPolicy = 'Retain';
    resource.UpdateReplacePolicy = 'Retain';
  }
}

/** osls names dependencies that references imply already; linters complain about them. */
export function dropRedundant({ Resources }: Template): void {
  for (const resource of Object.values(Resources)) {
    const referred = new Set(referredIn(resource.Properties));
    const needed = [resource.DependsOn ?? []].flat().filter(name => !referred.has(name));
    if (needed.length > 0) resource.DependsOn = needed;
    else delete resource.DependsOn;
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
