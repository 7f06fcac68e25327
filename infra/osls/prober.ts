/** The prober is there, and its role administers, where the parameters say so: decided before osls compiles anything. */
import type { Osls } from './osls.ts';
import type { Parameters } from './parameter-file.ts';

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
