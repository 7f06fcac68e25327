/** The registry proxy is there with the rights at its upstreams, or not at all: decided before osls reads the configuration. */
import { proxiedServices, registryDomains, type Statement, upstreamStatements } from '../registry.ts';
import type { Template } from '../template.ts';
import { SERVICES } from './artifacts.ts';
import type { Osls } from './osls.ts';

interface Policy {
  readonly PolicyDocument: { readonly Statement: Statement[] };
}

export function placeRegistry({ functions, resources }: Osls['service']): void {
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
