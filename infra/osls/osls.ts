/** The parts of osls that the plugin uses. */
import type { CloudFormationClient, CreateChangeSetCommandInput } from '@aws-sdk/client-cloudformation';
import type { Template } from '../template.ts';
import type { OslsInput } from './parameter-file.ts';

/** Where osls writes the package. */
export const OUTPUT = '.serverless';

/** Of a function in serverless.yml. */
interface Settings {
  environment?: object;
  package?: { artifact?: string };
  readonly events?: readonly object[];
  provisionedConcurrency?: number;
  versionFunction?: boolean;
  /** What osls has the function invoked by. */
  targetAlias?: { readonly name: string; readonly logicalId: string };
}

export interface Osls extends OslsInput {
  readonly pluginManager: { getPlugins(): readonly object[] };
  /** What it says without a stack of calls. */
  readonly classes: { readonly Error: new (message: string) => Error };
  getProvider(name: 'aws'): Provider;
  readonly service: {
    readonly service: string;
    readonly functions: Record<string, Settings>;
    readonly package: { artifactDirectoryName?: string };
    /** What serverless.yml says under `resources`, in one. */
    readonly resources: Writable<Template>;
    readonly provider: {
      readonly stage: string;
      readonly stackTags: Record<string, string>;
      compiledCloudFormationTemplate: Template;
    };
  };
}

type Writable<T> = { -readonly [K in keyof T]: Record<string, T[K][keyof T[K]]> };

/** What osls gives a plugin to speak with. */
export interface Utilities {
  readonly log: { notice(message: string): void };
}

interface Provider {
  readonly naming: { getStackName(): string; getCompiledTemplateS3Suffix(): string };
  getCloudFormationClient(): Promise<CloudFormationClient>;
  getAwsSdkV3Config(): Promise<AwsConfig>;
}

/** What clients of the SDK are made with. */
export interface AwsConfig {
  readonly region: string;
  readonly credentials: () => Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  }>;
  readonly requestHandler: {
    handle(request: object): Promise<{ response: { statusCode: number; body: NodeJS.ReadableStream } }>;
  };
}

interface ChangeSetOptions {
  readonly changeSetType: 'CREATE' | 'IMPORT' | 'UPDATE';
  readonly templateUrl?: string;
  readonly templateBody?: object;
}

/** The part of osls that deploys. */
export interface Deployer {
  getCreateChangeSetParams(
    options: ChangeSetOptions,
  ): CreateChangeSetCommandInput & { ChangeSetName: string };
  getExecuteChangeSetParams(): { ChangeSetName: string };
  waitForChangeSetCreation(changeSet: string, stack: string): Promise<unknown>;
  /** Of the packages; known once the stack has one. */
  readonly bucketName?: string;
  setBucketName(): Promise<unknown>;
  /** To the bucket: the compiled template. */
  uploadCloudFormationFile(): Promise<unknown>;
  /** Updates the stack by what was uploaded. */
  update(): Promise<unknown>;
  /** What of earlier deployments is no longer needed. */
  getObjectsToRemove(): Promise<readonly { readonly Key: string }[] | undefined>;
}

export function deployerOf({ pluginManager }: Osls): Deployer {
  const found = pluginManager.getPlugins().find(one => one.constructor.name === 'AwsDeploy');
  if (found === undefined) throw new Error('osls has no AwsDeploy.');
  return found as Deployer;
}

/** What osls is asked for while it reads serverless.yml. */
export interface Question {
  readonly address: string;
  resolveVariable(variable: string): Promise<unknown>;
  resolveConfigurationProperty(path: readonly string[]): Promise<unknown>;
}
