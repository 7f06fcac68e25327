/** `registry-config`: the configuration with which a registry trusts the deployment. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { BUNDLE_FILE, distributionAuth, JWKS_FILE, keysFileOf } from '../../lib/domain/service.ts';
import type { Context } from '../context.ts';
import { makeDirectory, writeFileAt } from '../files/write.ts';
import { linesOf } from '../printer.ts';
import { publicKeys, serviceFacts, serviceOf } from '../registry/service.ts';
import { jsonText } from '../text.ts';

/** Where distribution's image has its configuration. */
const USUAL_DIRECTORY = '/etc/distribution';
const AUTH_FILE = 'auth.yml';
/** None of it is secret. */
const FOR_ALL = 0o644;

export function addRegistryConfig(program: Command, context: Context): void {
  program
    .command('registry-config')
    .description('print the auth section, the certificates and the keys for a registry')
    .helpGroup('Finding out:')
    .argument('[service]', 'the registry; by default the only one of the target')
    .option('--directory <path>', 'write them there instead')
    .action((service: string | undefined, { directory }: { directory?: string }) =>
      registryConfig(context, service, directory),
    );
}

async function registryConfig(
  context: Context,
  wanted: string | undefined,
  directory: string | undefined,
): Promise<void> {
  const { broker, target } = await context.session();
  const { name, registry } = serviceOf(target, wanted);
  const keys = await context.waitFor(target.url, publicKeys(broker, name));
  const service = serviceFacts(name, keys);
  const keysPath = join(resolve(directory ?? USUAL_DIRECTORY), keysFileOf(service));
  const auth = distributionAuth({ service, publicUrl: target.url, keysPath });
  const files: readonly (readonly [string, string])[] = [
    [AUTH_FILE, auth],
    ...(keys.bundle === undefined ? [] : [[BUNDLE_FILE, keys.bundle] as const]),
    [JWKS_FILE, jsonText(keys.jwks)],
  ];
  if (directory !== undefined) return writeAll(context, resolve(directory), files);
  const value = { service: name, registry, auth, rootcertbundle: keys.bundle ?? null, jwks: keys.jwks };
  const printed = files.map(([file, text]) => `# ${file}\n${text}`).join('\n');
  await context.output.show(value, linesOf(printed));
}

async function writeAll(
  { output }: Context,
  directory: string,
  files: readonly (readonly [name: string, text: string])[],
): Promise<void> {
  await makeDirectory(directory);
  for (const [name, text] of files) await writeFileAt(join(directory, name), { text, newMode: FOR_ALL });
  const written = files.map(([name]) => join(directory, name));
  await output.show(
    { written },
    `Wrote ${written.join(', ')}. Add ${AUTH_FILE} to the registry's configuration.`,
  );
}
