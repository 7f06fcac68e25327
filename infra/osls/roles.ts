/**
 * What a deployment adds to the roles and the resources of every other one: path and boundary of the account, a KMS key of its own, the
 * client secrets of its issuers, and tags. Decided at package time, so that nothing of it is there where nothing was asked for.
 */

import { replicaOfKey } from '../../lib/aws/secrets.ts';
import { jsonFile } from '../../lib/config/values.ts';
import * as v from '../../lib/domain/schema.ts';
import type { Statement } from '../registry.ts';
import type { Resource, Template } from '../template.ts';
import { FILES } from './judge.ts';
import type { Osls } from './osls.ts';
import type { Parameters } from './parameter-file.ts';

export interface Policy {
  readonly PolicyDocument: { readonly Statement: Statement[] };
}

/** Who exchanges secrets at an IAM as one of its clients. */
const ASKING_IAM = ['LoginRole', 'ManagementRole', 'CredentialsRole'];

/** Whether a statement touches something that the key of the deployment encrypts. */
const ENCRYPTED = /^(?:dynamodb|secretsmanager):/;

export function tagsOf({ tags }: Parameters, stage: string): Record<string, string> {
  const given = [tags].flat().map(tag => [tag.slice(0, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1)]);
  return { application: 'pullpass', stage, ...Object.fromEntries(given) };
}

/** Before the template is compiled. */
export function fitResources(
  { resources, provider }: Pick<Osls['service'], 'provider' | 'resources'>,
  values: Parameters,
  issuers: string = FILES.PULLPASS_ISSUERS,
): void {
  Object.assign(provider.stackTags, tagsOf(values, provider.stage));
  const secrets = clientSecrets(issuers);
  for (const [name, resource] of Object.entries(resources.Resources)) {
    if (resource.Type === 'AWS::IAM::Role') fitRole(name, resource, { secrets, key: values.kmsKey });
    if (name === 'KeysRole' && values.copyRegion !== '') letCopy(resource, values, provider.stage);
    if (name === 'Derivation' && values.replicaKey !== '') letDerive(resource, values.replicaKey);
    if (resource.Type === 'AWS::DynamoDB::Table' && values.kmsKey !== '')
      resource.Properties.SSESpecification = {
        SSEEnabled: true,
        SSEType: 'KMS',
        KMSMasterKeyId: values.kmsKey,
      };
  }
}

/** After it was compiled: osls adds roles of its own. */
export function boundRoles({ Resources }: Template, { rolePath, permissionsBoundary }: Parameters): void {
  for (const { Type, Properties } of Object.values(Resources)) {
    if (Type !== 'AWS::IAM::Role') continue;
    if (rolePath !== '/') Properties.Path = rolePath;
    if (permissionsBoundary !== '') Properties.PermissionsBoundary = permissionsBoundary;
  }
}

interface Additions {
  readonly secrets: readonly string[];
  readonly key: string;
}

function fitRole(name: string, { Properties }: Resource, { secrets, key }: Additions): void {
  const [policy] = (Properties.Policies ?? []) as readonly Policy[];
  const statements = policy?.PolicyDocument.Statement ?? [];
  if (secrets.length > 0 && ASKING_IAM.includes(name)) {
    // With the six characters that AWS adds to a name, or without them.
    const Resource = secrets.flatMap(secret => [secret, `${secret}-??????`]);
    statements.push({ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource });
  }
  const isEncrypted = statements.some(({ Action }) => [Action].flat().some(action => ENCRYPTED.test(action)));
  if (key !== '' && isEncrypted) statements.push(usesKey(name, key));
}

/** Only through the two services that hold what it encrypts. */
function usesKey(name: string, key: string): Statement {
  const via = ['dynamodb', 'secretsmanager'].map(service => ({
    'Fn::Sub': `${service}.\${AWS::Region}.\${AWS::URLSuffix}`,
  }));
  return {
    Effect: 'Allow',
    Action: name === 'KeysRole' ? ['kms:Decrypt', 'kms:GenerateDataKey'] : 'kms:Decrypt',
    Resource: key,
    Condition: { StringEquals: { 'kms:ViaService': via } },
  };
}

/** The ARNs in an issuers file. What is made from one was judged before; `info` and `remove` have to work with one that has faults. */
function clientSecrets(path: string): string[] {
  const { output } = v.safeParse(v.pipe(v.string(), jsonFile), path);
  const entries = (Array.isArray(output) ? output : []) as readonly {
    readonly client?: { readonly secret?: string } | null;
  }[];
  return [
    ...new Set(entries.map(entry => entry?.client?.secret ?? '').filter(secret => secret.startsWith('arn:'))),
  ];
}

/** All of a stage, also those that do not exist yet; and no region but that one. */
function letCopy({ Properties }: Resource, { copyRegion, kmsKey }: Parameters, stage: string): void {
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
function letDerive({ Properties }: Resource, id: string): void {
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
