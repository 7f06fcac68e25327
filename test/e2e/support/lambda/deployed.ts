/**
 * The product as it is deployed on AWS: its packaged functions, with the memory, the time, the variables and the routes that the
 * template gives them, over emulators of what they call. What only AWS can give is put in: the URL of the API, and the ARN of
 * the derivation key. The development IAM runs beside it, at the same address as on one machine.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateTableCommand, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { awsClient } from '../../../../lib/aws/client.ts';
import { SERVICES_FILE } from '../../../../lib/config/services.ts';
import * as v from '../../../../lib/domain/schema.ts';
import { Secret } from '../../../../lib/domain/secret.ts';
import { isProxied, type Service } from '../../../../lib/domain/service.ts';
import type { HttpEvent, HttpResult } from '../../../../lib/http/request.ts';
import { createDynamoClient } from '../../../../lib/store/sdk-transport.ts';
import { type DevelopmentIam, developmentIam } from '../../../../local/development-iam/development-iam.ts';
import { portsOf } from '../../../../local/registry-addresses.ts';
import { fileNameOf } from '../../../../local/registry-directories.ts';
import { writeRegistryFiles } from '../../../../local/registry-files.ts';
import { ofType, REGION, type Stack } from '../../../infra/support/cloudformation.ts';
import { type Front, openFront } from '../../../support/aws/front.ts';
import { until } from '../processes.ts';
import { Pullpass, type Settings } from '../pullpass.ts';
import { makeResource, prepareS3, S3_VARIABLES } from './custom-resource.ts';
import type { Emulators } from './emulators.ts';
import { LambdaFunction } from './function.ts';
import { type Deployed, unpack } from './package.ts';

/** The parameters of the stack that a deployment's settings become. */
const PARAMETERS: Readonly<Record<string, string>> = {
  PULLPASS_FAILURES_PER_MINUTE: 'FailuresPerMinute',
  PULLPASS_VALUE_RETRIEVAL: 'ValueRetrieval',
  PULLPASS_WEAK_MANAGEMENT: 'WeakManagement',
};
const ADMINISTRATORS = 'dev:dev:administrator';
const LOG_CHARACTERS = 2_000;
const READY_MS = 20_000;

export class DeployedPullpass extends Pullpass {
  readonly functions = new Map<string, LambdaFunction>();
  #stack: Stack | undefined;
  readonly #emulators: Emulators;
  /** A store of its own: DynamoDB Local tells deployments apart by it. */
  readonly #credentials = { accessKeyId: `ASIA${randomBytes(8).toString('hex')}`, secretAccessKey: 'secret' };
  #front: Front | undefined;

  constructor(settings: Settings, emulators: Emulators) {
    super(settings);
    this.#emulators = emulators;
  }

  /** Deploys, and returns when the API is healthy. Throws with the end of what the functions have said. */
  override async start(): Promise<this> {
    await this.#deploy().catch(error => {
      throw new Error(`${error}\n${this.log.slice(-LOG_CHARACTERS)}`);
    });
    return this;
  }

  async #deploy(): Promise<void> {
    const files = join(this.settings.PULLPASS_DATA, 'deployment');
    await mkdir(files, { recursive: true });
    await prepareS3(files);
    const iam = await this.#openIam(files);
    const services = await this.#writeServices(files);
    const deployed = await unpack(join(this.settings.PULLPASS_DATA, 'package'), {
      parameters: this.#parameters(),
      proxied: services.some(isProxied),
    });
    this.#stack = deployed.stack;
    await this.#makeTables(deployed);
    await this.#makeFunctions(deployed, files);
    await this.#openFront(deployed, iam);
    await this.#makeRings(files);
    await until('the functions', () => this.isHealthy(), { timeoutMs: READY_MS });
    await this.#writeRegistryFiles(services);
  }

  /** An emulator that was just started may need longer than functions wait for AWS: then it is deployed again. */
  async #makeRings(files: string): Promise<void> {
    const make = () => makeResource(files, event => this.invoke('keys', event));
    const first = await make();
    const rings = first.Reason?.startsWith('TimeoutError') === true ? await make() : first;
    if (rings.Status !== 'SUCCESS') throw new Error(rings.Reason);
  }

  override async stop(): Promise<void> {
    await this.#front?.close();
    this.#front = undefined;
    for (const each of this.functions.values()) await each.stop();
  }

  override async rotateKey(service: string): Promise<void> {
    await this.invoke('keys', { activate: service });
  }

  override async readKeysAgain(): Promise<void> {
    await this.function('login').retireInstances();
  }

  /** Invokes a function as schedules, the deployment and operators do. Throws FunctionFailed. */
  async invoke(name: string, event: unknown): Promise<unknown> {
    return this.function(name).invoke(event);
  }

  function(name: string): LambdaFunction {
    const found = this.functions.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}.`);
    return found;
  }

  get stack(): Stack {
    if (this.#stack === undefined) throw new Error('Nothing is deployed.');
    return this.#stack;
  }

  /** All that the functions have written. */
  get log(): string {
    return [...this.functions.values()].map(({ log }) => log).join('');
  }

  #parameters(): Record<string, string> {
    const known = Object.entries(this.settings).filter(([name]) => name in PARAMETERS);
    return Object.fromEntries(known.map(([name, value]) => [PARAMETERS[name], value]));
  }

  async #openIam(files: string): Promise<DevelopmentIam> {
    const { PULLPASS_DATA: data, PULLPASS_ISSUERS: own, PORT } = this.settings;
    const iam = await developmentIam({
      directory: join(data, 'iam'),
      publicUrl: this.url,
      internalUrl: `http://127.0.0.1:${PORT}`,
      administratorKeyFile: join(data, 'administrator.apikey'),
      now: Date.now,
      randomBytes,
    });
    if (own === undefined) await writeFile(join(files, 'issuers.json'), JSON.stringify([iam.issuer]));
    else await copyFile(own, join(files, 'issuers.json'));
    return iam;
  }

  async #writeServices(files: string): Promise<readonly Service[]> {
    const { PULLPASS_SERVICES: file, PULLPASS_SERVICE: name } = this.settings;
    const path = join(files, 'services.json');
    if (file === undefined) await writeFile(path, JSON.stringify([{ name }]));
    else await copyFile(file, path);
    return v.parse(SERVICES_FILE, (await import(path, { with: { type: 'json' } })).default);
  }

  async #makeTables({ stack }: Deployed): Promise<void> {
    const client = createDynamoClient(REGION, {
      endpoint: this.#emulators.dynamodb,
      credentials: this.#credentials,
    });
    for (const [, properties] of ofType(stack, 'AWS::DynamoDB::Table')) {
      const { TableName, BillingMode, AttributeDefinitions, KeySchema } = properties;
      const input = { TableName, BillingMode, AttributeDefinitions, KeySchema } as CreateTableCommandInput;
      await client.send(new CreateTableCommand(input));
    }
    client.destroy();
  }

  async #makeFunctions({ functions }: Deployed, deployment: string): Promise<void> {
    const { PULLPASS_ADMINISTRATORS = ADMINISTRATORS, PULLPASS_NAMESPACES = 'open' } = this.settings;
    const instead = {
      PULLPASS_URL: this.url,
      PULLPASS_DERIVATION_KEY: await this.#newDerivationKey(),
      PULLPASS_NAMESPACES,
    };
    const variables = this.#awsVariables();
    for (const [name, plan] of functions) {
      const changed = Object.entries(instead).filter(([variable]) => variable in plan.variables);
      // The package has the variable only where the stage has administrators.
      const isAsked = ['PULLPASS_ISSUERS', 'PULLPASS_CREDENTIAL_KEY'].every(one => one in plan.variables);
      const administrators = isAsked ? { PULLPASS_ADMINISTRATORS } : {};
      const own = { ...plan.variables, ...administrators, ...Object.fromEntries(changed) };
      this.functions.set(name, new LambdaFunction({ ...plan, variables: own }, { deployment, variables }));
    }
  }

  /** Lambda's own, and where the emulators are. */
  #awsVariables(): Record<string, string> {
    const { dynamodb, others } = this.#emulators;
    return {
      ...S3_VARIABLES,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: this.#credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.#credentials.secretAccessKey,
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: others,
      AWS_ENDPOINT_URL_KMS: others,
      AWS_ENDPOINT_URL_EVENTBRIDGE: others,
      AWS_ENDPOINT_URL_ECR: others,
      AWS_ENDPOINT_URL_STS: others,
    };
  }

  /** In a moto that knows nothing of other deployments; answers the ARN. */
  async #newDerivationKey(): Promise<string> {
    const { others } = this.#emulators;
    await fetch(`${others}/moto-api/reset`, { method: 'POST' });
    const { accessKeyId, secretAccessKey } = this.#credentials;
    const credentials = {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: undefined,
    };
    const kms = awsClient('kms', {
      region: REGION,
      endpoint: others,
      credentials,
      clock: Date.now,
      randomBytes,
    });
    const spec = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' };
    return ((await kms('CreateKey', spec)) as { KeyMetadata: { Arn: string } }).KeyMetadata.Arn;
  }

  async #openFront({ routes }: Deployed, iam: DevelopmentIam): Promise<void> {
    this.#front = await openFront('HTTP API', {
      port: Number(this.settings.PORT),
      routes: [...routes.keys()].filter(route => route !== '$default'),
      invoke: (route, event) => this.invoke(routes.get(route) ?? '', event) as Promise<HttpResult>,
      aside: (event: HttpEvent) => (event.rawPath.startsWith('/iam/') ? iam.handler(event) : undefined),
    });
  }

  /** Where the local process has them: one service has the place to itself. */
  async #writeRegistryFiles(services: readonly Service[]): Promise<void> {
    const root = join(this.settings.PULLPASS_DATA, 'registry');
    for (const service of services) {
      const directory = services.length === 1 ? root : join(root, fileNameOf(service.name));
      const published = await this.#keysOf(service.name);
      const [port = ''] = portsOf([service.registry]);
      await writeRegistryFiles({ directory, service, port, publicUrl: this.url, ...published });
    }
  }

  /** What the discovery function publishes for the registry of a service. */
  async #keysOf(service: string) {
    const at = `${this.url}/v1/services/${service}`;
    const bundle = await fetch(`${at}/rootcertbundle.pem`);
    const jwks = (await (await fetch(`${at}/jwks.json`)).json()) as { keys: Record<string, unknown>[] };
    return { jwks, bundle: bundle.ok ? await bundle.text() : undefined };
  }
}
