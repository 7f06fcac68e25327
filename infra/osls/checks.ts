/** Gives osls the parameters of the stage, and refuses a deployment that cannot serve: everything that is wrong with it, at once, before anything is made. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { templateParameters } from '../parameters.ts';
import type { Template } from '../template.ts';
import { accountOf } from './account.ts';
import { accountProblems, GUARDED } from './deployed.ts';
import { functionNames, healthOf } from './health.ts';
import { deploymentProblems } from './judge.ts';
import { type OslsInput, type ParameterFile, parametersOf } from './parameter-file.ts';
import { tagsOf } from './roles.ts';

/** The parts of osls that are used here. */
interface Osls extends OslsInput {
  readonly classes: { readonly Error: new (message: string) => Error };
  readonly service: { readonly provider: { readonly compiledCloudFormationTemplate: Template } };
  extendConfiguration(path: readonly string[], value: unknown): void;
  getProvider(name: 'aws'): { getAwsSdkV3Config(): Promise<object> };
}

interface Utilities {
  readonly log: { warning(text: string): void };
}

/** The commands that make something; others, such as `info` and `remove`, have to work with a file that has faults. */
const MAKING = ['deploy', 'package'];
/** Any of them: AWS credentials are there when the service is packaged. */
const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE'];

export default class PullpassChecks {
  readonly #osls: Osls;
  readonly #parameters: ParameterFile;
  readonly configurationVariablesSources = {
    parameters: { resolve: async ({ address }: { address: string }) => ({ value: this.#answer(address) }) },
  };
  readonly commands = {
    deploy: {
      options: {
        'allow-change': { usage: `Lets ${GUARDED.join(', ')} change, or be new`, type: 'multiple' },
      },
    },
  };
  readonly hooks: Readonly<Record<string, () => unknown>>;

  constructor(osls: Osls, _options: object, { log }: Utilities) {
    this.#osls = osls;
    this.#parameters = parametersOf(osls);
    const [command = ''] = osls.processedInput.commands;
    if (MAKING.includes(command)) this.#judge();
    // `${param:…}` in serverless.yml and the files of infra/.
    osls.extendConfiguration(['params'], { default: this.#parameters.values });
    this.hooks = {
      'before:deploy:deploy': () => this.#compare(),
      'after:deploy:deploy': () => this.#askFunctions(log),
      'after:package:finalize': () => (command === 'package' ? this.#compareIfPossible(log) : undefined),
    };
  }

  #judge(): void {
    const { serviceDir: directory, configurationInput } = this.#osls;
    const { stage, region } = configurationInput.provider;
    const { problems, region: home } = this.#parameters;
    const elsewhere =
      home === undefined || home === region
        ? []
        : [
            `--region ${region} is not the region of the file, ${home}: leave --region out, or change the file`,
          ];
    const deployment = { ...this.#parameters, directory, stage, region };
    this.#refuse([...problems, ...elsewhere, ...deploymentProblems(deployment)]);
  }

  async #compare(): Promise<void> {
    const { processedInput, configurationInput, service } = this.#osls;
    const config = await this.#osls.getProvider('aws').getAwsSdkV3Config();
    const account = accountOf({
      cloudFormation: new CloudFormationClient(config),
      dynamo: new DynamoDBClient(config),
      lambda: new LambdaClient(config),
    });
    const plan = {
      stage: configurationInput.provider.stage,
      template: service.provider.compiledCloudFormationTemplate,
      allowed: processedInput.options['allow-change'] ?? [],
    };
    this.#refuse(await accountProblems(plan, account));
  }

  /** A package needs no account; where there is one, it says early what a deployment would say. */
  async #compareIfPossible(log: Utilities['log']): Promise<void> {
    if (!CREDENTIALS.some(name => process.env[name] !== undefined)) return;
    try {
      await this.#compare();
    } catch (error) {
      log.warning(
        `A deployment of this package would be refused, or the account could not be asked. ${error}`,
      );
    }
  }

  /** CloudFormation is content with functions that exist. */
  async #askFunctions(log: Utilities['log']): Promise<void> {
    const { processedInput, service } = this.#osls;
    const names = functionNames(service.provider.compiledCloudFormationTemplate);
    const config = await this.#osls.getProvider('aws').getAwsSdkV3Config();
    const unwell = (await healthOf(new LambdaClient(config), names)).filter(one => one.problem !== undefined);
    if (unwell.length === 0) return;
    const lines = unwell.map(({ name, problem }) => `  ${name} ${problem}`).join('\n');
    const isRestored = processedInput.options['allow-change']?.includes('table') === true;
    if (isRestored && unwell.every(({ waits }) => waits))
      return log.warning(
        `The table waits for the ledger, and every request gets 503: now invoke the output RestoreCommand.\n${lines}`,
      );
    throw new this.#osls.classes.Error(
      `The stack is deployed, but these functions cannot serve. Repair what they name, or deploy the version before.\n${lines}`,
    );
  }

  #refuse(problems: readonly string[]): void {
    if (problems.length === 0) return;
    const { stage } = this.#osls.configurationInput.provider;
    const lines = problems.map(problem => `  ${problem}`).join('\n');
    throw new this.#osls.classes.Error(`The deployment ${stage} is not valid. Nothing was made.\n${lines}`);
  }

  /** What serverless.yml asks for as `${parameters:…}`. */
  #answer(address: string): unknown {
    const { values } = this.#parameters;
    if (address === 'template') return { Parameters: templateParameters(values) };
    if (address === 'kmsKey' || address === 'copyRegion')
      return values[address] === '' ? { Ref: 'AWS::NoValue' } : values[address];
    if (address === 'secretTags') {
      const { stage } = this.#osls.configurationInput.provider;
      return Object.entries(tagsOf(values, stage))
        .map(tag => tag.join('='))
        .join(',');
    }
    if (address === 'rulesCeiling')
      return values.rulesCeiling.length === 0
        ? { Ref: 'AWS::NoValue' }
        : [values.rulesCeiling].flat().join(' ');
    if (address === 'namespaces')
      return values.namespaces === 'open' ? 'open' : 'file:/var/task/deployment/namespaces.json';
    throw new Error(`parameters:${address} is unknown`);
  }
}
