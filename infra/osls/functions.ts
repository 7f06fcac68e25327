/** The prober and the registry function are there with the rights that they need, or not at all: decided before osls compiles anything. */

import { registryDomains, registryServices, registryStatements } from '../registry.ts';
import type { Template } from '../template.ts';
import { SERVICES } from './artifacts.ts';
import type { Osls } from './osls.ts';
import type { Parameters } from './parameter-file.ts';
import type { Policy } from './roles.ts';

type Switch = Parameters['prober'];

/** Beside the function itself. */
const OWN = ['ProberRole', 'ProberRuns', 'ProberRunsInvokes'];

export function placeProber({ functions, resources }: Osls['service'], prober: Switch): void {
  if (prober === 'on') return;
  delete functions.prober;
  for (const name of OWN) delete resources.Resources[name];
}

/** `PULLPASS_PROBER`: the role of the prober as a caller. STS leaves the path of a role out, so its ARN is made of its name. */
export function proberIdentity(prober: Switch): object {
  if (prober !== 'on') return { Ref: 'AWS::NoValue' };
  const account = `aws:\${AWS::Partition}:\${AWS::AccountId}`;
  return { 'Fn::Sub': `${account}:arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/\${ProberRole}` };
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
