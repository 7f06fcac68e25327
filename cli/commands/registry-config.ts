/** `registry-config`: the configuration with which a registry trusts the deployment. */
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { makeDirectory, writeFileAt } from '../files/write.ts';
import { linesOf } from '../printer.ts';
import {
  type ConfigFiles,
  configFiles,
  REGISTRY_KINDS,
  type RegistryKind,
} from '../registry/config-files.ts';
import { serviceOf } from '../registry/service.ts';

interface Options {
  readonly for: RegistryKind;
  readonly next?: boolean;
  readonly directory?: string;
}

/** None of it is secret. */
const FOR_ALL = 0o644;

export function addRegistryConfig(program: Command, context: Context): void {
  program
    .command('registry-config')
    .description('print the auth section, the certificates and the keys for a registry')
    .helpGroup('Finding out:')
    .argument('[service]', 'the registry; by default the only one of the target')
    .addOption(
      new Option('--for <kind>', 'which registry it is').choices(REGISTRY_KINDS).default('distribution'),
    )
    .option('--next', 'for zot: the key that takes over, to be there before it is activated')
    .option('--directory <path>', 'write them there instead')
    .action((service: string | undefined, options: Options) => registryConfig(context, service, options));
}

async function registryConfig(
  context: Context,
  wanted: string | undefined,
  { for: kind, next = false, directory: given }: Options,
): Promise<void> {
  if (next && kind !== 'zot')
    throw new UsageError('--next is for zot, which takes one key; the files of distribution have both.');
  const { broker, target } = await context.session();
  const { name, registry } = serviceOf(target, wanted);
  if (given === '') throw new UsageError('--directory is empty.');
  const directory = given === undefined ? undefined : resolve(given);
  const config = configFiles({ broker, service: name, kind, next, directory });
  const { files, members, note } = await context.waitFor(target.url, config);
  if (directory !== undefined) return writeAll(context, directory, { files, members, note });
  const printed = files.map(([file, text]) => `# ${file}\n${text}`).join('\n');
  const lines = linesOf(note === undefined ? printed : `# ${note}\n\n${printed}`);
  await context.output.show({ service: name, registry, ...members }, lines);
}

async function writeAll({ output }: Context, directory: string, { files, note }: ConfigFiles): Promise<void> {
  await makeDirectory(directory);
  for (const [name, text] of files) await writeFileAt(join(directory, name), { text, newMode: FOR_ALL });
  const written = files.map(([name]) => join(directory, name));
  const [[section] = ['']] = files;
  const said = `Wrote ${written.join(', ')}. Add ${section} to the registry's configuration.`;
  await output.show({ written }, note === undefined ? said : `${said} ${note}`);
}
