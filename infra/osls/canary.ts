/** Every function is invoked by its alias; versions are published by what they hold, which osls does not know of. */
import { ALIAS, aliasName, canaryResources, type Deployed, functionName } from '../canary.ts';
import { ref } from '../template.ts';
import type { Osls } from './osls.ts';

/** Before osls compiles the functions: a version of its own would not change with a parameter. */
export function aliasFunctions({ functions }: Osls['service']): Deployed[] {
  return Object.entries(functions).map(([name, settings]) => {
    const { events = [], provisionedConcurrency } = settings;
    settings.versionFunction = false;
    // osls would make an alias of its own for it.
    delete settings.provisionedConcurrency;
    // osls invokes this alias from routes, permissions and configurations of invocations.
    settings.targetAlias = { name: ALIAS, logicalId: aliasName(name) };
    return { name, serves: events.some(event => 'httpApi' in event), provisionedConcurrency };
  });
}

/** When osls has compiled all: the template has everything that versions hold. */
export function addCanary({ functions, provider }: Osls['service'], deployed: readonly Deployed[]): void {
  const { compiledCloudFormationTemplate: template, stage } = provider;
  for (const resource of Object.values(template.Resources))
    Object.assign(resource, { Properties: byReference(resource.Properties, deployed) });
  Object.assign(template.Resources, canaryResources(deployed, stage, template));
  // osls removes old versions after a deployment, of functions that have versions.
  for (const settings of Object.values(functions)) delete settings.versionFunction;
}

/** osls spells the ARN of an alias out, and names the alias as a dependency; a reference says both. */
function byReference<T>(node: T, deployed: readonly Deployed[]): T {
  const text = JSON.stringify(node, (_, value) => {
    const [separator, parts] = Object(value)['Fn::Join'] ?? [];
    if (separator !== ':' || parts?.[1] !== ALIAS) return value;
    const [own] = parts[0]['Fn::GetAtt'];
    const { name } = deployed.find(one => functionName(one.name) === own) ?? {};
    return name === undefined ? value : ref(aliasName(name));
  });
  return text === undefined ? node : JSON.parse(text);
}
