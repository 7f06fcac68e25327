/** `credential`: prints a credential in the format that its consumer reads. */
import { type Command, Option } from 'commander';
import { FORMAT_NAMES, type FormatName } from '../../lib/api/credential-formats.ts';
import { lifetimeOption, repositoryOption } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withLogins } from '../files/logins.ts';
import { FILE_MODE, isOpenToOthers } from '../files/private.ts';
import { isStandardOutput, writeFileAt } from '../files/write.ts';
import { linesOf } from '../printer.ts';
import { checkedCredential } from '../registry/credential-text.ts';
import { serviceOf, vendRequest } from '../registry/service.ts';
import { Vendor } from '../registry/vendor.ts';

interface Options {
  readonly format: FormatName;
  readonly repository?: string[];
  readonly readwrite?: true;
  readonly expiresIn: number;
  readonly service?: string;
  readonly file?: string;
}

const DEFAULT_LIFE = '1h';

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
    .option(
      '--file <path>',
      'write it to this file; logins that docker-config and containers-auth have there stay',
    )
    .action((options: Options) => credential(context, options));
}

async function credential(context: Context, options: Options): Promise<void> {
  const { format, repository: repositories, readwrite, expiresIn: expiresInSeconds, file } = options;
  const session = await context.session();
  const { name: service, registry } = serviceOf(session.target, options.service);
  const access = readwrite ? 'push' : 'pull';
  const vendor = await Vendor.open(session, { seconds: expiresInSeconds });
  const request = { service, repositories, access, expiresInSeconds, format } as const;
  const { response, shortened } = await vendor.send(vendRequest(request));
  if (shortened !== undefined) await context.output.warning(shortened);
  const { url } = session.target;
  const text = checkedCredential({ format, text: response.text, registry, url });
  if (file === undefined || (await isStandardOutput(file))) return print(context, format, text);
  await writeTo(file, { context, format, text });
}

interface Credential {
  readonly context: Context;
  readonly format: FormatName;
  readonly text: string;
}

/** The formats whose files hold the logins of several registries. */
const SHARED: readonly FormatName[] = ['docker-config', 'containers-auth'];

async function writeTo(file: string, { context, format, text }: Credential): Promise<void> {
  let helper: string | undefined;
  const into = (before: Uint8Array) => {
    const added = withLogins(file, before, text);
    helper = added.helper;
    return added.text;
  };
  const alone = <T>(work: () => Promise<T>) => context.home.withLock('files.lock', work);
  const merge = SHARED.includes(format) ? { into, alone } : undefined;
  const content = { text, newMode: FILE_MODE, merge };
  const { mode = FILE_MODE } = await writeFileAt(file, content);
  const { output } = context;
  await output.show({ file, format }, `Wrote ${file} (${format}).`);
  if (isOpenToOthers(mode)) output.note(`${file} is open to other users. Close it with: chmod 600 ${file}`);
  if (helper !== undefined) {
    output.note(`${file} names the credential helper ${helper}, which clients ask instead of this login.`);
  }
}

/** As its consumer reads it; only text that is not JSON is wrapped for `--output json`. */
async function print({ output }: Context, format: FormatName, text: string): Promise<void> {
  const isWrapped = output.format === 'json' && format === 'shell';
  await output.lines(isWrapped ? [JSON.stringify({ format, text: text.trimEnd() })] : linesOf(text));
}
