/** Gives osls the parameters of the stage, and refuses a deployment that cannot serve: everything that is wrong with it, at once, before anything is made. */
import { templateParameters } from '../parameters.ts';
import { deploymentProblems } from './judge.ts';
import { type OslsInput, type ParameterFile, parametersOf } from './parameter-file.ts';

/** The parts of osls that are used here. */
interface Osls extends OslsInput {
  readonly classes: { readonly Error: new (message: string) => Error };
  extendConfiguration(path: readonly string[], value: unknown): void;
}

/** The commands that make something; others, such as `info` and `remove`, have to work with a file that has faults. */
const MAKING = ['deploy', 'package'];

export default class PullpassChecks {
  readonly #osls: Osls;
  readonly #parameters: ParameterFile;
  readonly configurationVariablesSources = {
    parameters: { resolve: async ({ address }: { address: string }) => ({ value: this.#answer(address) }) },
  };

  constructor(osls: Osls) {
    this.#osls = osls;
    this.#parameters = parametersOf(osls);
    if (MAKING.includes(osls.processedInput.commands[0] ?? '')) this.#judge();
    // `${param:…}` in serverless.yml and the files of infra/.
    osls.extendConfiguration(['params'], { default: this.#parameters.values });
  }

  #judge(): void {
    const { serviceDir: directory, configurationInput } = this.#osls;
    const { stage, region } = configurationInput.provider;
    const { values, invalid, problems, region: home } = this.#parameters;
    const elsewhere =
      home === undefined || home === region
        ? []
        : [
            `--region ${region} is not the region of the file, ${home}: leave --region out, or change the file`,
          ];
    this.#refuse([
      ...problems,
      ...elsewhere,
      ...deploymentProblems({ directory, stage, region, values, invalid }),
    ]);
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
    if (address === 'administrators' || address === 'namespaces') {
      const text = [values[address]].flat().join(' ');
      return text === '' ? { Ref: 'AWS::NoValue' } : text;
    }
    throw new Error(`parameters:${address} is unknown`);
  }
}
