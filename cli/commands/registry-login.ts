/** `registry-login`: logs docker, podman, skopeo or buildah in to a registry of the target. */
import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { MINUTE_SECONDS } from '../../lib/domain/time.ts';
import { lifetimeOption, repositoryOption } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { lifeOf, ORDER_VARIABLE, type Order } from '../helper/order.ts';
import type { Credentials } from '../login.ts';
import { checkRegistry } from '../registry/challenge.ts';
import {
  CLIENTS,
  type ClientLogin,
  type ClientName,
  clientNamed,
  clientToLogIn,
  logClientIn,
} from '../registry/client.ts';
import { serviceOf, type VendedCredential, vend, vendWidest } from '../registry/service.ts';
import { Vendor } from '../registry/vendor.ts';
import type { Session } from '../session.ts';
import { lifeText } from '../text.ts';

interface Options {
  readonly client?: ClientName;
  readonly iamrefresh?: true;
  readonly readwrite?: true;
  readonly readonly?: true;
  readonly repository?: string[];
  readonly expiresIn: number;
}

interface Wish extends Options {
  /** Whether the user has asked for a life, and not taken the default. */
  readonly isLifeGiven: boolean;
}

const DEFAULT_LIFE = '12h';

/** So many repositories are shown to people. */
const SHOWN = 8;

/** How long builders remember what a helper has answered. */
const BUILDER_CACHE_SECONDS = 10 * MINUTE_SECONDS;

export function addRegistryLogin(program: Command, context: Context): void {
  program
    .command('registry-login')
    .description('log the local docker (or podman, skopeo, buildah) in to a registry')
    .helpGroup('Logging in:')
    .argument('[service]', 'the registry; by default the only one of the target')
    .addOption(
      new Option('--client <client>', 'by default the first that is installed')
        .choices(CLIENTS)
        .argParser(clientNamed),
    )
    .addOption(lifetimeOption('how long the credential is valid at most', DEFAULT_LIFE))
    .addOption(
      new Option('--readwrite', 'a credential that may push; fails if you may not').conflicts('readonly'),
    )
    .option('--readonly', 'a credential that may only pull; by default it may push if you may')
    .addOption(repositoryOption())
    .addOption(
      new Option(
        '--iamrefresh',
        'give the client your IAM refresh token, with which it stays logged in',
      ).conflicts(['readwrite', 'readonly', 'repository', 'expiresIn']),
    )
    .action((service: string | undefined, options: Options, command: Command) => {
      const isLifeGiven = command.getOptionValueSource('expiresIn') === 'cli';
      return registryLogin(context, service, { ...options, isLifeGiven });
    });
}

async function registryLogin(context: Context, wanted: string | undefined, wish: Wish): Promise<void> {
  const { environment, output, stderr } = context;
  const session = await context.session();
  const service = serviceOf(session.target, wanted);
  const { name, registry } = service;
  const client = await clientToLogIn(wish.client, environment.forPrograms.PATH);
  const { origin } = await context.waitFor(
    registry,
    checkRegistry(
      { url: session.target.url, service: name },
      { registry, timeoutMs: context.timeouts.registryMs, network: environment.network },
    ),
  );
  const { credentials, shortened, ...gained } = wish.iamrefresh
    ? await refreshToken(session)
    : await vended(session, name, wish);
  const order = orderOf(wish, { registry, target: session.target.name });
  const variables = { ...environment.forPrograms, [ORDER_VARIABLE]: JSON.stringify(order) };
  const login = { ...credentials, client, registry, isPlain: origin.startsWith('http:'), stderr };
  await output.during(`Logging ${client} in`, logClientIn({ ...login, environment: variables }));
  const { orders } = await context.home.read();
  const helped = orders.some(({ id }) => id === order.id) ? order : undefined;
  const result = { client, registry, service: name, userName: credentials.userName, ...gained };
  await output.show(
    helped === undefined ? result : { ...result, expiresAt: null, credentialHelper: 'pullpass' },
    inWords(result, helped),
  );
  const builders = helped === undefined ? undefined : remarkOnBuilders(helped);
  const remark = builders ?? (helped === undefined || wish.isLifeGiven ? shortened : undefined);
  if (remark !== undefined) await output.warning(remark);
}

/** What a credential helper is to give the client from now on, in place of the credential of this login. */
function orderOf(
  { readwrite, readonly, repository, expiresIn, isLifeGiven }: Wish,
  served: Pick<Order, 'registry' | 'target'>,
): Order {
  return {
    id: randomUUID(),
    ...served,
    access: readwrite ? 'push' : readonly ? 'pull' : null,
    repositories: repository ?? null,
    expiresInSeconds: isLifeGiven ? expiresIn : null,
  };
}

function remarkOnBuilders(order: Order): string | undefined {
  if (lifeOf(order) > BUILDER_CACHE_SECONDS) return undefined;
  return 'Builders remember what the credential helper gives them for ten minutes, and may use it after its end: give a longer --expires-in.';
}

/** What the client may do now, and until when; null: the deployment decides at each login. */
interface Gained {
  readonly access: VendedCredential['access'] | null;
  readonly repositories: readonly string[] | null;
  readonly expiresAt: string | null;
}

interface Login extends Gained {
  readonly credentials: Credentials;
  /** Why it is valid for less than was asked for. */
  readonly shortened?: string | undefined;
}

async function vended(session: Session, service: string, options: Wish): Promise<Login> {
  const order = { service, repositories: options.repository };
  const vendor = await Vendor.open(session, { seconds: options.expiresIn });
  const access = options.readwrite ? 'push' : options.readonly ? 'pull' : undefined;
  const credential = await (access === undefined
    ? vendWidest(vendor, order)
    : vend(vendor, { ...order, access }));
  const { password, access: gained, repositories, expiresAt, shortened } = credential;
  const credentials = { userName: 'token', password } as const;
  return { credentials, access: gained, repositories, expiresAt, shortened };
}

/** As `ibmcloud cr login` did it. */
async function refreshToken(session: Session): Promise<Login> {
  const login = await session.login();
  if (login.kind === 'iam' && login.refreshToken !== null) {
    const credentials = { userName: 'iamrefresh', password: login.refreshToken } as const;
    return { credentials, access: null, repositories: null, expiresAt: null };
  }
  throw new CliError(`The login to ${session.target.url} has no IAM refresh token.`, {
    next: 'Leave out --iamrefresh, or log in with an API key.',
  });
}

/** A token may have dozens of repositories: JSON output lists all. */
function someOf(repositories: readonly string[]): string {
  const others = repositories.slice(SHOWN);
  return others.length === 0
    ? repositories.join(', ')
    : `${repositories.slice(0, SHOWN).join(', ')} and ${others.length} more`;
}

type Result = Gained & Pick<ClientLogin, 'client' | 'registry'>;

/** `order`: what the client's credential helper gives it; undefined: it keeps the credential itself. */
function inWords({ client, registry, ...gained }: Result, order: Order | undefined): string {
  const { access, repositories, expiresAt } = gained;
  const logged = `Logged ${client} in to ${registry}`;
  if (access === null) return `${logged} with the IAM refresh token, for as long as that is good.`;
  const where = repositories === null ? '' : ` in ${someOf(repositories)}`;
  const reach = `to ${access === 'push' ? 'push and pull' : 'pull'}${where}`;
  if (order === undefined) return `${logged} ${reach}, until ${expiresAt}.`;
  return `${logged} ${reach}: its credential helper gives it credentials for ${lifeText(lifeOf(order))} each.`;
}
