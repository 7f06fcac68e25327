/** What the local process says when it is ready: where it is, and what to type next. */
import { join, relative } from 'node:path';
import { realmFault } from '../lib/domain/registry-auth.ts';
import { isProxied, type Service } from '../lib/domain/service.ts';
import { COMPOSE_FILE } from './compose-file.ts';
import type { DataDirectory } from './data-directory.ts';
import type { LocalSettings } from './environment.ts';
import { portsOf } from './registry-addresses.ts';
import { registryDirectory } from './registry-directories.ts';

const WARNING =
  'No IAM is configured: the development IAM answers, on this machine only. Not for production.';

/** So many registries are spelled out; the others are in the same directory. */
const SHOWN = 3;

export interface WelcomeInput {
  readonly settings: Pick<LocalSettings, 'url' | 'host' | 'port' | 'ledger' | 'services' | 'developmentIam'>;
  readonly directory: Pick<DataDirectory, 'root' | 'administratorKey' | 'registry'>;
  /** Whether the data directory is new. Later, people know the first steps. */
  readonly first: boolean;
  /** `process.platform`. */
  readonly platform: string;
}

/** The lines to print; the commands work as they are, from the directory that the process was started in. */
export function welcome(input: WelcomeInput): string {
  const { settings, directory, first, platform } = input;
  const { url, host, port, ledger, services, developmentIam } = settings;
  const airPlay = platform === 'darwin' && portsOf(services.map(({ registry }) => registry)).includes('5000');
  return [
    `Pullpass is ready at ${url} (listening on ${host.includes(':') ? `[${host}]` : host}:${port}).`,
    `Data: ${here(directory.root)}, ledger: ${here(ledger)}. Options: npm start -- --help`,
    ...(developmentIam ? [WARNING] : []),
    ...realmWarning(url, services),
    ...(airPlay ? [AIRPLAY] : []),
    ...(developmentIam && first ? firstSteps(input) : []),
    ...(developmentIam && !first ? ['The first steps are in README.md.'] : []),
  ].join('\n');
}

/** One line, for the first registry whose clients or caches refuse the URL. */
function realmWarning(url: string, services: readonly Service[]): string[] {
  const [fault] = services.flatMap(({ registry }) => realmFault({ publicUrl: url, registry }) ?? []);
  return fault === undefined ? [] : [`${fault} See docs/registries-and-clients.md#realms`];
}

const AIRPLAY =
  'macOS keeps port 5000 for AirPlay. Give the registry another port: PULLPASS_SERVICE=localhost:5001 npm start';

function firstSteps({ settings: { url, services }, directory }: WelcomeInput): string[] {
  const own = services.filter(service => !isProxied(service));
  const access = own.length > 0 ? { word: 'push', body: '{"access": "push"}' } : { word: 'pull', body: '{}' };
  return [
    '',
    `In a second terminal, in this folder, register a namespace and add a token that may ${access.word}:`,
    '',
    `  ADMIN="iamapikey:$(cat ${here(directory.administratorKey)})"`,
    `  curl -sS -u "$ADMIN" -X PUT ${url}/v1/namespaces/team-a`,
    `  curl -sS -u "$ADMIN" -H 'Content-Type: application/json' -d '${access.body}' ${url}/v1/tokens`,
    ...(own.length > 0 ? startLines(own, directory.registry) : []),
    '',
    `Log in with the token (docker asks for it), and ${own.length > 0 ? 'push and pull' : 'pull'} an image:`,
    '',
    ...services.slice(0, SHOWN).flatMap(loginLines),
    '',
  ];
}

function startLines(own: readonly Service[], root: string): string[] {
  const more = own.length > SHOWN ? [`(${own.length - SHOWN} more are in ${here(root)}.)`] : [];
  const [each, all] =
    own.length === 1
      ? ['In a third terminal, start a registry:', 'Or start it in a container:']
      : ['Start each registry in a terminal of its own:', 'Or start all of them in containers:'];
  return [
    '',
    each,
    '',
    ...own.slice(0, SHOWN).map(service => `  ${serve(service, root, own)}`),
    ...more,
    '',
    all,
    '',
    `  docker compose -f ${here(join(root, COMPOSE_FILE))} up -d`,
  ];
}

/** Behind the registry proxy images are only pulled, and the names in them are the upstream's. */
function loginLines(service: Service): string[] {
  const { registry } = service;
  const login = `  docker login -u token ${registry}`;
  if (isProxied(service)) return [login, `  docker pull ${registry}/team-a/IMAGE`];
  const image = `${registry}/team-a/app:v1`;
  return [login, `  docker tag IMAGE ${image} && docker push ${image}`, `  docker pull ${image}`];
}

/** Debian's `docker-registry` is distribution 2.8, which does not take key sets; `registry` is distribution 3. */
function serve({ name, profile }: Service, root: string, services: readonly Service[]): string {
  const program = profile === 'x5c' ? 'docker-registry' : 'registry';
  return `${program} serve ${here(join(registryDirectory(root, name, services), 'config.yml'))}`;
}

/** The shorter spelling, as long as it does not climb; quoted for a shell where that is needed. */
function here(path: string): string {
  const short = relative('', path);
  const shown = short === '' || short.startsWith('..') ? path : short;
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
