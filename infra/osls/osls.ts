/** The parts of osls that the plugin uses. */
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
  readonly service: {
    readonly service: string;
    readonly functions: Record<string, Settings>;
    readonly package: { artifactDirectoryName?: string };
    /** What serverless.yml says under `resources`, in one. */
    readonly resources: Writable<Template>;
    readonly provider: {
      readonly stage: string;
      readonly stackTags: Record<string, string>;
      readonly compiledCloudFormationTemplate: Template;
    };
  };
}

type Writable<T> = { -readonly [K in keyof T]: Record<string, T[K][keyof T[K]]> };

/** The part of osls that deploys. */
export interface Deployer {
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
