/** `login`, with one of the secrets that a deployment accepts, and `logout`. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { type Discovered, discover, requireSameIssuer } from '../discovery.ts';
import { CliError, UsageError } from '../errors.ts';
import { chosenTarget, type State, withTarget } from '../home.ts';
import { exchangeApiKey } from '../iam.ts';
import { credentialsOf, type StoredLogin } from '../login.ts';
import { isTargetName, parseTargetUrl, type Target } from '../target.ts';
import { answered } from './login-questions.ts';
import { type LoginOptions, type LoginSource, loginSource } from './login-source.ts';
import { askPrincipal, principalText } from './whoami.ts';

export function addLogin(program: Command, context: Context): void {
  program
    .command('login')
    .description('log in to a deployment, and make it the current target')
    .helpGroup('Logging in:')
    .option('--url <url>', 'its URL; by default that of the target')
    .option('--apikey <key>', 'an API key of the IAM; other users of this machine can see it, so prefer:')
    .option('--apikey-stdin', 'an API key, from standard input (or PULLPASS_APIKEY)')
    .option(
      '--oidc-token-stdin',
      'the OIDC token of a workload, from standard input (or PULLPASS_OIDC_TOKEN)',
    )
    .option('--oidc-token-file <path>', 'a file with the OIDC token, read at each use')
    .option('--aws', 'the AWS role or user of the AWS credentials at each use')
    .option('--region <region>', 'with --aws: whose STS is asked, instead of AWS_REGION')
    .option('--token-stdin', 'a registry token, from standard input')
    .action((options: LoginOptions) => logIn(context, options));
  program
    .command('logout')
    .description('forget the login of the target')
    .helpGroup('Logging in:')
    .option('--all', 'forget every login, and every token that the credential helper has stored')
    .action((options: { all?: true }) => (options.all ? logOutOfAll(context) : logOut(context)));
}

async function logIn(context: Context, given: LoginOptions): Promise<void> {
  // Before a secret is asked for or sent: a home that cannot be written keeps no login.
  await context.home.update(state => state);
  const options = await answered(given, context);
  const known = await knownTarget(context, options.url);
  const source = await loginSource(options, context);
  const { output, input } = context;
  input.close();
  const broker = context.brokerAt(known.url);
  const found = await context.waitFor(known.url, discover(broker));
  if (known.target !== undefined) requireSameIssuer(known.target, found);
  const login = await output.during('Logging in', storedLogin(context, source, found));
  const credentials = await credentialsOf(login, known.url, {
    nowMs: context.clock(),
    network: context.environment.network,
  });
  const principal = await output.during('Logging in', askPrincipal(broker, credentials, found.services));
  const target: Target = { ...known.target, name: known.name, url: known.url, ...found, login };
  await context.home.update(state => ({ ...withTarget(state, target), current: target.name }));
  await output.show(
    { target: target.name, url: target.url, ...principal },
    `Logged in to ${target.name} (${target.url}) as ${principalText(principal)}.`,
  );
}

/** The deployment to log in to, and its target if there is one yet. */
interface Known extends Pick<Target, 'name' | 'url'> {
  readonly target: Target | undefined;
}

async function knownTarget(context: Context, url: string | undefined): Promise<Known> {
  const state = await context.home.read();
  if (url === undefined) {
    const target = chosenTarget(state, context.targetName);
    return { name: target.name, url: target.url, target };
  }
  const origin = parseTargetUrl(url);
  const sameUrl = state.targets.find(target => target.url === origin);
  return knownAs(state, context.namedTarget ?? sameUrl?.name ?? new URL(origin).host, origin);
}

/** The target of that name, or one to add. Throws CliError when another deployment has the name. */
function knownAs(state: State, name: string, url: string): Known {
  if (!isTargetName(name)) throw new UsageError(`${name} is not a valid name of a target.`);
  const other = state.targets.find(target => target.name === name);
  if (other === undefined) return { name, url, target: undefined };
  if (other.url === url) return { name, url, target: other };
  throw new CliError(`The target ${name} is another deployment: ${other.url}`, {
    next: `Choose another name with: pullpass target-add NAME ${url}`,
  });
}

async function storedLogin(
  context: Context,
  source: LoginSource,
  { issuer }: Discovered,
): Promise<StoredLogin> {
  if (source.kind !== 'api-key') return source;
  if (issuer === null)
    throw new CliError('This deployment does not accept API keys: none of its issuers exchanges them.');
  return exchangeApiKey(issuer, source.apiKey, {
    nowMs: context.clock(),
    timeoutMs: context.timeouts.requestMs,
    network: context.environment.network,
  });
}

async function logOut(context: Context): Promise<void> {
  const state = await context.home.read();
  const { name, login } = chosenTarget(state, context.targetName);
  await context.home.update(now => ({
    ...now,
    targets: now.targets.map(target => (target.name === name ? { ...target, login: null } : target)),
  }));
  const human = login === null ? `You were not logged in to ${name}.` : `Logged out of ${name}.`;
  await context.output.show({ loggedOut: login === null ? [] : [name] }, human);
}

async function logOutOfAll(context: Context): Promise<void> {
  const { targets } = await context.home.read();
  await context.home.update(now => ({
    ...now,
    targets: now.targets.map(target => ({ ...target, login: null })),
    registryTokens: [],
    orders: [],
  }));
  const loggedOut = targets.filter(({ login }) => login !== null).map(({ name }) => name);
  const human = loggedOut.length === 0 ? 'You were not logged in.' : `Logged out of ${loggedOut.join(', ')}.`;
  await context.output.show({ loggedOut }, human);
}
