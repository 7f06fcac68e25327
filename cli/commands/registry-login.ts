/** `registry-login`: logs docker, podman, skopeo or buildah in to a registry of the target. */
import { type Command, Option } from 'commander';
import { lifetimeOption, repositoryOption } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { Credentials } from '../login.ts';
import { checkRegistry } from '../registry/challenge.ts';
import { CLIENTS, type ClientName, clientToLogIn, logClientIn } from '../registry/client.ts';
import { serviceOf, type VendedCredential, vend, vendWidest } from '../registry/service.ts';
import { Vendor } from '../registry/vendor.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly client?: ClientName;
  readonly iamrefresh?: true;
  readonly readwrite?: true;
  readonly readonly?: true;
  readonly repository?: string[];
  readonly expiresIn: number;
}

const DEFAULT_LIFE = '12h';

export function addRegistryLogin(program: Command, context: Context): void {
  program
    .command('registry-login')
    .description('log the local docker (or podman, skopeo, buildah) in to a registry')
    .helpGroup('Logging in:')
    .argument('[service]', 'the registry; by default the only one of the target')
    .addOption(new Option('--client <client>', 'by default the first that is installed').choices(CLIENTS))
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
      ).conflicts(['readwrite', 'readonly', 'repository']),
    )
    .action((service: string | undefined, options: Options) => registryLogin(context, service, options));
}

async function registryLogin(context: Context, wanted: string | undefined, options: Options): Promise<void> {
  const { environment, output } = context;
  const session = await context.session();
  const service = serviceOf(session.target, wanted);
  const { name, registry } = service;
  const client = await clientToLogIn(options.client, environment.forPrograms.PATH);
  const { origin } = await context.waitFor(
    registry,
    checkRegistry(
      { url: session.target.url, service: name },
      { registry, timeoutMs: context.timeouts.registryMs, network: environment.network },
    ),
  );
  const { credentials, shortened, ...gained } = options.iamrefresh
    ? await refreshToken(session)
    : await vended(session, name, options);
  const isPlain = origin.startsWith('http:');
  const { userName, password } = credentials;
  const { stderr } = context;
  const login = {
    client,
    registry,
    userName,
    password,
    isPlain,
    environment: environment.forPrograms,
    stderr,
  };
  await output.during(`Logging ${client} in`, logClientIn(login));
  await output.show(
    { client, registry, service: name, userName, ...gained },
    `Logged ${client} in to ${registry} ${inWords(gained)}.`,
  );
  if (shortened !== undefined) await output.warning(shortened);
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

async function vended(session: Session, service: string, options: Options): Promise<Login> {
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

function inWords({ access, repositories, expiresAt }: Gained): string {
  if (access === null) return 'with the IAM refresh token, for as long as that is good';
  const reach = repositories === null ? '' : ` in ${repositories.join(', ')}`;
  return `to ${access === 'push' ? 'push and pull' : 'pull'}${reach}, until ${expiresAt}`;
}
