/** What the local process says when it is ready: where it is, and what to type next. */
import { join, relative } from 'node:path';
import { realmFault } from '../lib/domain/realm.ts';
import type { Service } from '../lib/domain/service.ts';
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
  const shown = services.slice(0, SHOWN);
  const more =
    services.length > SHOWN ? [`(${services.length - SHOWN} more are in ${here(directory.registry)}.)`] : [];
  return [
    '',
    'In a second terminal, in this folder, register a namespace and add a token that may push:',
    '',
    `  ADMIN="iamapikey:$(cat ${here(directory.administratorKey)})"`,
    `  curl -sS -u "$ADMIN" -X PUT ${url}/v1/namespaces/team-a`,
    `  curl -sS -u "$ADMIN" -H 'Content-Type: application/json' -d '{"access": "push"}' ${url}/v1/tokens`,
    '',
    services.length === 1
      ? 'In a third terminal, start a registry; or, in a container:'
      : 'Start each registry in a terminal of its own; or all of them in containers:',
    `docker compose -f ${here(join(directory.registry, COMPOSE_FILE))} up -d`,
    '',
    ...shown.map(service => `  ${serve(service, directory.registry, services)}`),
    ...more,
    '',
    'Log in with the token (docker asks for it), push an image, and pull it:',
    '',
    ...shown.flatMap(({ registry }) => [
      `  docker login -u token ${registry}`,
      `  docker tag IMAGE ${registry}/team-a/app:v1 && docker push ${registry}/team-a/app:v1`,
      `  docker pull ${registry}/team-a/app:v1`,
    ]),
    '',
  ];
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
