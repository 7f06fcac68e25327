/**
 * What the registry proxy adds to a deployment with upstreams: the rights that its function needs at them, and a domain for each
 * host that clients pull from.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SERVICES_FILE } from '../lib/config/services.ts';
import * as v from '../lib/domain/schema.ts';
import {
  ecrRegistryAt,
  isProxied,
  type Service,
  type UpstreamAuthentication,
  usesRegistryFunction,
} from '../lib/domain/service.ts';
import { ref, sub, type Template } from './template.ts';

export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

/** The parts of a template that a deployment without upstreams does not have. */
export type RegistryParts = Pick<Template, 'Conditions' | 'Resources' | 'Outputs'>;

/** The services of a services file that the registry function serves. Throws, with a line for each, for those that cannot work on AWS. */
export function registryServices(file: string): Service[] {
  const services = v
    .parse(SERVICES_FILE, JSON.parse(readFileSync(file, 'utf8')))
    .filter(usesRegistryFunction);
  const problems = services.flatMap(({ name, registry, upstream, notifications }) => {
    const authentication = upstream?.authentication;
    const password = authentication?.kind === 'password' ? authentication.password : '';
    return [
      ...fileProblem(`${file}: the password of ${name}`, password),
      ...fileProblem(`${file}: the secret of the notifications of ${name}`, notifications?.secret ?? ''),
      ...(upstream && registry.includes(':')
        ? [`${file}: clients cannot reach ${registry}, because the API has no other port than 443.`]
        : []),
    ];
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return services;
}

function fileProblem(what: string, reference: string): string[] {
  if (!reference.startsWith('file:')) return [];
  return [`${what} is in a file, which a function has not: name a secret by its ARN.`];
}

/** What pulling needs, lists of tags included ("Actions, resources, and condition keys for Amazon ECR"). */
const PULL = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
  'ecr:ListImages',
] as const;

/** Behind another name than ECR's own: the registry of the deployment. */
const OWN = { account: `\${AWS::AccountId}`, region: `\${AWS::Region}` };

/** The statements for the upstreams and the notifications of these services, each once. */
export function registryStatements(services: readonly Service[]): Statement[] {
  const proxied = services.filter(isProxied);
  const own = proxied.filter(({ upstream: { authentication } }) => isOwnEcr(authentication));
  const repositories = own.map(({ upstream: { url, prefix, authentication } }) => {
    const { account, region } = ecrRegistryAt(url) ?? { ...OWN, ...regionIn(authentication) };
    return `arn:\${AWS::Partition}:ecr:${region}:${account}:repository/${prefix}*`;
  });
  return [
    // It has no resources to choose from: the token is worth what the statement below allows.
    ...(own.length === 0 ? [] : [allow('ecr:GetAuthorizationToken', '*')]),
    ...(own.length === 0 ? [] : [allow(PULL, unique(repositories).map(sub))]),
    ...proxied.flatMap(({ upstream: { authentication } }) => assumption(authentication)),
    ...secretsOf(services),
  ];
}

function regionIn(authentication: UpstreamAuthentication): { region?: string } {
  const { region } = authentication.kind === 'ecr' ? authentication : {};
  return region === undefined ? {} : { region };
}

function isOwnEcr(authentication: UpstreamAuthentication): boolean {
  return authentication.kind === 'ecr' && authentication.roleArn === undefined;
}

/** The other account's role says what may be pulled there. */
function assumption(authentication: UpstreamAuthentication): Statement[] {
  if (authentication.kind !== 'ecr' || authentication.roleArn === undefined) return [];
  const { roleArn, externalId } = authentication;
  const Condition =
    externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } };
  return [{ ...allow('sts:AssumeRole', roleArn), ...Condition }];
}

const WITH_SUFFIX = /-[A-Za-z0-9]{6}$/;

/** AWS appends six characters to a secret's name; an ARN without them is one that people wrote. */
function secretsOf(services: readonly Service[]): Statement[] {
  const named = services.flatMap(({ upstream, notifications }) => [
    ...(upstream?.authentication.kind === 'password' ? [upstream.authentication.password] : []),
    ...(notifications === undefined ? [] : [notifications.secret]),
  ]);
  const arns = unique(named).map(arn => (WITH_SUFFIX.test(arn) ? arn : `${arn}-??????`));
  return arns.length === 0 ? [] : [allow('secretsmanager:GetSecretValue', arns)];
}

function allow(Action: Statement['Action'], Resource: unknown): Statement {
  return { Effect: 'Allow', Action, Resource };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** The domains of all hosts but the API's own, which infra/api.yml makes. They need a certificate that names them. */
export function registryDomains(services: readonly Service[]): RegistryParts {
  const parts = unique(services.filter(isProxied).map(({ registry }) => registry.toLowerCase())).map(
    domainOf,
  );
  return {
    Conditions: Object.assign({}, ...parts.map(({ Conditions }) => Conditions)),
    Resources: Object.assign({}, ...parts.map(({ Resources }) => Resources)),
    Outputs: Object.assign({}, ...parts.map(({ Outputs }) => Outputs)),
  };
}

/** Named by the host and not by its place, because a domain cannot be made while another resource still has it. */
function domainOf(host: string): RegistryParts {
  const name = `Registry${hash('sha256', host).slice(0, 8)}`;
  const [served, recorded] = [`${name}HasDomain`, `${name}HasRecords`];
  const attribute = (of: string) => ({ 'Fn::GetAtt': [`${name}Domain`, of] });
  const record = (Type: string) => ({
    Type: 'AWS::Route53::RecordSet',
    Condition: recorded,
    Properties: {
      HostedZoneId: ref('HostedZone'),
      Name: host,
      Type,
      AliasTarget: {
        DNSName: attribute('RegionalDomainName'),
        HostedZoneId: attribute('RegionalHostedZoneId'),
      },
    },
  });
  return {
    Conditions: {
      [served]: {
        'Fn::And': [
          { Condition: 'HasCertificate' },
          { 'Fn::Not': [{ 'Fn::Equals': [ref('Domain'), host] }] },
        ],
      },
      [recorded]: {
        'Fn::And': [{ Condition: served }, { 'Fn::Not': [{ 'Fn::Equals': [ref('HostedZone'), ''] }] }],
      },
    },
    Resources: {
      [`${name}Domain`]: {
        Type: 'AWS::ApiGatewayV2::DomainName',
        Condition: served,
        Properties: {
          DomainName: host,
          DomainNameConfigurations: [
            {
              CertificateArn: ref('Certificate'),
              EndpointType: 'REGIONAL',
              IpAddressType: 'dualstack',
              SecurityPolicy: 'TLS_1_2',
            },
          ],
        },
      },
      [`${name}Mapping`]: {
        Type: 'AWS::ApiGatewayV2::ApiMapping',
        Condition: served,
        Properties: { ApiId: ref('HttpApi'), DomainName: ref(`${name}Domain`), Stage: ref('HttpApiStage') },
      },
      [`${name}Address4`]: record('A'),
      [`${name}Address6`]: record('AAAA'),
    },
    Outputs: {
      [`${name}Target`]: {
        Condition: served,
        Description: `What ${host} must be an alias of, where its records are made elsewhere`,
        Value: attribute('RegionalDomainName'),
      },
    },
  };
}
