/** `registry-config`: the configuration with which a registry trusts the deployment. */
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { FILE_MODE } from '../files/private.ts';
import { makeDirectory, writeFileAt } from '../files/write.ts';
import { linesOf } from '../printer.ts';
import {
  type ConfigFiles,
  configFiles,
  NOTIFICATIONS_FILE,
  REGISTRY_KINDS,
  type RegistryKind,
} from '../registry/config-files.ts';
import { serviceOf } from '../registry/service.ts';
import { secretInFile } from '../secret-source.ts';

interface Options {
  readonly for: RegistryKind;
  readonly next?: boolean;
  readonly directory?: string;
  readonly notifications?: string;
}

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
    .option('--notifications <file>', 'for distribution: report what is pulled, with the secret in this file')
    .option('--directory <path>', 'write them there instead')
    .action((service: string | undefined, options: Options) => registryConfig(context, service, options));
}

async function registryConfig(
  context: Context,
  wanted: string | undefined,
  { for: kind, next = false, directory: given, notifications }: Options,
): Promise<void> {
  if (next && kind !== 'zot')
    throw new UsageError('--next is for zot, which takes one key; the files of distribution have both.');
  if (notifications !== undefined && kind === 'zot')
    throw new UsageError('--notifications is for distribution; zot reports nothing of pulls.');
  const { broker, target } = await context.session();
  const { name, registry } = serviceOf(target, wanted);
  if (given === '') throw new UsageError('--directory is empty.');
  const directory = given === undefined ? undefined : resolve(given);
  const notificationSecret =
    notifications === undefined ? undefined : await secretInFile(notifications, 'secret of notifications');
  const config = configFiles({ broker, service: name, kind, next, directory, notificationSecret });
  const { files, members, note } = await context.waitFor(target.url, config);
  if (directory !== undefined) return writeAll(context, directory, { files, members, note });
  const printed = files.map(([file, text]) => `# ${file}\n${text}`).join('\n');
  const lines = linesOf(note === undefined ? printed : `# ${note}\n\n${printed}`);
  await context.output.show({ service: name, registry, ...members }, lines);
}

async function writeAll({ output }: Context, directory: string, { files, note }: ConfigFiles): Promise<void> {
  await makeDirectory(directory);
  for (const [name, text] of files) {
    const newMode = name === NOTIFICATIONS_FILE ? FILE_MODE : FOR_ALL;
    await writeFileAt(join(directory, name), { text, newMode });
  }
  const written = files.map(([name]) => join(directory, name));
  const sections = files.map(([name]) => name).filter(name => /^(?:auth|http|notifications)\./.test(name));
  const said = `Wrote ${written.join(', ')}. Add ${sections.join(' and ')} to the registry's configuration.`;
  await output.show({ written }, note === undefined ? said : `${said} ${note}`);
}
