/** The registry function is there with the rights that its services need, or not at all: decided before osls reads the configuration. */
import { registryDomains, registryServices, registryStatements, type Statement } from '../registry.ts';
import type { Template } from '../template.ts';
import { SERVICES } from './artifacts.ts';
import type { Osls } from './osls.ts';

interface Policy {
  readonly PolicyDocument: { readonly Statement: Statement[] };
}

export function placeRegistry({ functions, resources }: Osls['service']): void {
  const services = registryServices(SERVICES);
  if (services.length === 0) {
    delete functions.registry;
    delete resources.Resources.RegistryRole;
    return;
  }
  const [policy] = (resources.Resources.RegistryRole?.Properties.Policies ?? []) as readonly Policy[];
  policy?.PolicyDocument.Statement.push(...registryStatements(services));
  for (const [part, added] of Object.entries(registryDomains(services)))
    Object.assign(resources[part as keyof Template], added);
}
