/** `credential`: prints a credential in the shape that its consumer reads. */
import { type Command, Option } from 'commander';
import { FORMAT_NAMES } from '../../lib/api/credential-formats.ts';
import { replaceFile } from '../../lib/files/atomic-file.ts';
import { patterns, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError, messageOf } from '../errors.ts';
import { serviceOf, vendRequest } from '../registry/service.ts';

interface Options {
  readonly format: (typeof FORMAT_NAMES)[number];
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
    .description('print a short-lived credential for whoever pulls, or pushes')
    .helpGroup('Logging in:')
    .addOption(new Option('--format <format>', 'its shape').choices(FORMAT_NAMES).default('json'))
    .option(
      '--repository <pattern>',
      'only there: a name, or a prefix and /*; may be given several times',
      patterns,
    )
    .option('--readwrite', 'it may push as well as pull')
    .addOption(
      new Option('--expires-in <duration>', 'how long it holds at most')
        .argParser(seconds)
        .default(seconds(DEFAULT_LIFE), DEFAULT_LIFE),
    )
    .option('--service <service>', 'the registry; by default the only one of the target')
    .option('--file <path>', 'write it there, for you alone to read')
    .action((options: Options) => credential(context, options));
}

async function credential(context: Context, options: Options): Promise<void> {
  const { format, repository: repositories, readwrite, expiresIn: expiresInSeconds, file } = options;
  const session = await context.session();
  const { name: service } = serviceOf(session.target, options.service);
  const access = readwrite ? 'push' : 'pull';
  const order = { service, repositories, access, expiresInSeconds, format } as const;
  const { text } = await session.send(vendRequest(order));
  if (file === undefined) return print(context, format, text.trimEnd());
  await replaceFile(file, text, OWNER_ONLY).catch((error: unknown) => {
    throw new CliError(`${file} cannot be written: ${messageOf(error)}`);
  });
  await context.output.show({ file, format }, `Wrote ${file} (${format}).`);
}

/** To the letter, as its consumer reads it; only what is no JSON becomes some when that is asked for. */
async function print({ output }: Context, format: string, text: string): Promise<void> {
  const isWrapped = output.format === 'json' && format === 'shell';
  await output.line(isWrapped ? JSON.stringify({ format, text }) : text);
}
