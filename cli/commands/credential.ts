/** `credential`: prints a credential in the format that its consumer reads. */
import { type Command, Option } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../../lib/api/credential-formats.ts';
import { replaceFile } from '../../lib/files/atomic-file.ts';
import { lifetimeOption, repositoryOption } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError, messageOf } from '../errors.ts';
import { linesOf } from '../printer.ts';
import { checkedCredential } from '../registry/credential-text.ts';
import { serviceOf, vendRequest } from '../registry/service.ts';

interface Options {
  readonly format: FormatName;
  readonly repository?: string[];
  readonly readwrite?: true;
  readonly expiresIn: number;
  readonly service?: string;
  readonly file?: string;
}

const DEFAULT_LIFE = '1h';
const OWNER_ONLY = 0o600;

export function addCredential(program: Command, context: Context): void {
  program
    .command('credential')
    .description('print a short-lived credential to pull or push with')
    .helpGroup('Logging in:')
    .addOption(new Option('--format <format>', 'its format').choices(FORMAT_NAMES).default('json'))
    .addOption(repositoryOption())
    .option('--readwrite', 'it may push as well as pull')
    .addOption(lifetimeOption('how long it is valid at most', DEFAULT_LIFE))
    .option('--service <service>', 'the registry; by default the only one of the target')
    .option('--file <path>', 'write it to this file, which only you can read')
    .action((options: Options) => credential(context, options));
}

async function credential(context: Context, options: Options): Promise<void> {
  const { format, repository: repositories, readwrite, expiresIn: expiresInSeconds, file } = options;
  const session = await context.session();
  const { name: service, registry } = serviceOf(session.target, options.service);
  const access = readwrite ? 'push' : 'pull';
  const request = { service, repositories, access, expiresInSeconds, format } as const;
  const response = await session.send(vendRequest(request));
  const { url } = session.target;
  const text = checkedCredential({ format, text: response.text, registry, url });
  if (file === undefined) return print(context, format, text);
  await replaceFile(file, text, OWNER_ONLY).catch((error: unknown) => {
    throw new CliError(`${file} cannot be written: ${messageOf(error)}`);
  });
  await context.output.show({ file, format }, `Wrote ${file} (${format}).`);
}

/** As its consumer reads it; only text that is not JSON is wrapped for `--output json`. */
async function print({ output }: Context, format: FormatName, text: string): Promise<void> {
  const isWrapped = output.format === 'json' && format === 'shell';
  await output.lines(isWrapped ? [JSON.stringify({ format, text: text.trimEnd() })] : linesOf(text));
}
