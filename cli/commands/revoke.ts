/** `revoke`: the holder or finder of a registry token or a credential ends it, without any login (RFC 7009). */
import type { Command } from 'commander';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { type Secret, secretFormatOf } from '../../lib/domain/secret.ts';
import type { Context } from '../context.ts';
import { CliError, UsageError } from '../errors.ts';
import { chosenTarget } from '../home.ts';
import { parseTargetUrl } from '../target.ts';

interface Revocation {
  readonly stdin?: true;
  readonly url?: string;
}

const KINDS = { 'a registry token': 'registry-token', 'a credential': 'credential' } as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

const EFFECTS: Readonly<Record<Kind, string>> = {
  'registry-token':
    'If it was the value of a token, the token is disabled: logins are refused until an administrator enables it. A value that a rotation had replaced has lost its grace.',
  credential: 'If it was a credential of this deployment, logins with it are refused.',
};

export function addRevoke(program: Command, context: Context): void {
  program
    .command('revoke')
    .description('end a registry token or a credential that you hold; no login is needed')
    .helpGroup('Logging in:')
    .option('--stdin', 'the token or credential, from standard input')
    .option('--url <url>', 'the deployment; by default that of the target')
    .action((options: Revocation) => revoke(context, options));
}

async function revoke(context: Context, { stdin, url: given }: Revocation): Promise<void> {
  if (stdin !== true) throw new UsageError('Use --stdin: what is on a command line can be seen by others.');
  const url =
    given === undefined
      ? chosenTarget(await context.home.read(), context.targetName).url
      : parseTargetUrl(given);
  const secret = await context.input.secret('registry token or credential');
  context.input.close();
  const kind = kindOf(secret, context.input.source);
  const request = { method: 'POST', path: '/oauth/revoke', form: { token: secret.reveal() } } as const;
  await context.waitFor(url, context.brokerAt(url).send(request));
  await context.output.show({ url, kind }, `Sent to ${url}. ${EFFECTS[kind]}`);
}

/** Throws CliError for what is not a secret of ours: it is another's, and goes nowhere. */
function kindOf(secret: Secret, source: string): Kind {
  const format = secretFormatOf(secret);
  const isToken = format === 'a registry token';
  if ((isToken && parseRegistryToken(secret) !== undefined) || format === 'a credential')
    return KINDS[format];
  throw new CliError(`${source} holds no complete registry token (plp_…) and no credential (plc_…).`, {
    code: 'invalid-secret',
  });
}
