/** What a deployment with copies in another region, or one that was made from such copies, may do beside every other one. */
import { replicaOfKey } from '../../lib/aws/secret-copies.ts';
import type { Resource } from '../template.ts';
import type { Parameters } from './parameter-file.ts';
import type { Policy } from './roles.ts';

/** All of a stage, also those that do not exist yet; and no region but that one. */
export function letCopy({ Properties }: Resource, { copyRegion, kmsKey }: Parameters, stage: string): void {
  const [policy] = (Properties.Policies ?? []) as readonly Policy[];
  const Resource = ['ring/*', 'root/*', 'public/*', 'credential', 'credential-??????'].map(name =>
    ofStage('secretsmanager', `secret:pullpass-${stage}/${name}`),
  );
  const statements = policy?.PolicyDocument.Statement;
  statements?.push(
    {
      Effect: 'Allow',
      Action: ['secretsmanager:DescribeSecret', 'secretsmanager:RemoveRegionsFromReplication'],
      Resource,
    },
    {
      Effect: 'Allow',
      Action: 'secretsmanager:ReplicateSecretToRegions',
      Resource,
      Condition: {
        'ForAllValues:StringEquals': { 'secretsmanager:AddReplicaRegions': [copyRegion] },
        // A secret of that name may be all that is left of a deployment there.
        BoolIfExists: { 'secretsmanager:ForceOverwriteReplicaSecret': 'false' },
      },
    },
  );
  if (kmsKey === '') return;
  const via = { 'Fn::Sub': `secretsmanager.${copyRegion}.\${AWS::URLSuffix}` };
  statements?.push({
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: replicaOfKey(kmsKey, copyRegion),
    Condition: { StringEquals: { 'kms:ViaService': [via] } },
  });
}

/** The replica has the id of its primary, and a policy of its own that has to allow it too (deployment/copies.yml). */
export function letDerive({ Properties }: Resource, id: string): void {
  const document = Properties.PolicyDocument as Policy['PolicyDocument'];
  const here = ofStage('kms', `key/${id}`);
  document.Statement.splice(
    0,
    Infinity,
    ...document.Statement.map(one => ({ ...one, Resource: [one.Resource, here].flat() })),
  );
}

function ofStage(service: string, name: string): object {
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${name}` };
}
