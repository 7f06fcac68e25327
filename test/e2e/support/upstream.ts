/** Registries that know nothing of the product, each with a user of its own, for the registry proxy to pull from. */
import { hash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import { type Image, TAG } from './image.ts';
import { Moto } from './moto.ts';
import { Platform } from './platform.ts';
import { freePort } from './ports.ts';
import { run, start, until } from './processes.ts';
import { type Tool, tool } from './tools.ts';

/** Named as its clients type it: a client can put its own things there with the commands that it uses at the proxy. */
export const USER = 'token';
export const PASSWORD = 'upstream-password';
const CREDENTIALS = `${USER}:${PASSWORD}`;
/** As `htpasswd -B` writes it: that user, and one with the password that moto gives for ECR (`123456789012-auth-token`). */
const HTPASSWD = `${USER}:$2b$04$8keO6KIAlvfxezvOsYKoUOuuP4/v5VXlgeQPfu.NMjr1kXX5/QbcG
AWS:$2b$04$wrouv54W1S9dIcEoY3wQlOh24E7Ad2dzxNa0NwbgCFO5WHYxXdRcq`;

/** What the registry is, and what of it the proxy has to understand. */
export const UPSTREAMS = [
  'distribution with a password',
  'distribution with tokens of another issuer',
  'distribution with redirects',
] as const;
/** zot is not in the packages that CI installs: only `npm run test:clients` starts it. */
export type UpstreamKind = (typeof UPSTREAMS)[number] | 'zot';

export interface Upstream {
  /** `host:port`, for its own clients. */
  readonly address: string;
  readonly url: string;
  /** `file:` and a file with the password. */
  readonly passwordReference: string;
  /** What the services file says of it. */
  readonly configuration: object;
  readonly output: () => string;
  /** Puts an image there under a repository of the upstream's own, with all its platforms. */
  put(image: Pick<Image, 'layout'>, repository: string): Promise<void>;
  digestOf(repository: string, tag: string): Promise<string>;
  stop(): Promise<void>;
}

/** Where one is set up, and what has to end with it. */
interface Ground {
  readonly home: string;
  readonly address: string;
  readonly endings: (() => Promise<void>)[];
}

interface Plan {
  readonly program: Tool;
  readonly config: object;
  /** In addition to what every upstream needs. */
  readonly configuration?: object;
}

const PLANS: Readonly<Record<UpstreamKind, (ground: Ground) => Promise<Plan>>> = {
  'distribution with a password': async ground => distribution(ground, {}),
  'distribution with tokens of another issuer': async ground => {
    const platform = await Platform.start();
    ground.endings.push(() => platform.stop());
    const issuer = 'https://issuer.example';
    const jwks = join(ground.home, 'jwks.json');
    await writeFile(jwks, await (await fetch(platform.keysUrl)).text());
    // crane follows no realm at an address, and oras none at another host than the registry's.
    const realm = platform.giveAccessTokens(issuer, CREDENTIALS).replace('127.0.0.1', 'localhost');
    const auth = { token: { realm, service: 'upstream', issuer, jwks } };
    return { ...distribution(ground, { auth }), configuration: { tokenHost: new URL(realm).host } };
  },
  'distribution with redirects': async ground => {
    const moto = await Moto.start();
    ground.endings.push(() => moto.stop());
    // crane follows no redirect from a name to an address of this machine.
    const regionendpoint = moto.endpoint.replace('127.0.0.1', 'localhost');
    const s3 = {
      ...{ region: 'us-east-1', regionendpoint, bucket: await moto.bucket('layers') },
      ...{ accesskey: 'test', secretkey: 'test', forcepathstyle: true, secure: false },
    };
    return distribution(ground, { storage: { s3 } });
  },
  zot: async ({ home, address }) => {
    const [, port] = address.split(':');
    const http = { address: '127.0.0.1', port, auth: { htpasswd: { path: join(home, 'htpasswd') } } };
    const compat = { compat: ['docker2s2'] };
    return {
      program: 'zot',
      config: { storage: { rootDirectory: join(home, 'data') }, http: { ...http, ...compat } },
    };
  },
};

function distribution({ home, address }: Ground, more: object): Plan {
  const config = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: join(home, 'data') } },
    http: { addr: address.replace('localhost', '127.0.0.1') },
    auth: { htpasswd: { realm: 'upstream', path: join(home, 'htpasswd') } },
    ...more,
  };
  return { program: 'registry3', config };
}

export async function startUpstream(kind: UpstreamKind = 'distribution with a password'): Promise<Upstream> {
  const home = await newDirectory('upstream');
  const address = `localhost:${await freePort()}`;
  const ground: Ground = { home, address, endings: [() => removeDirectory(home)] };
  const stop = async () => {
    for (const end of ground.endings.splice(0).reverse()) await end();
  };
  const env = { ...bareEnvironment(home), OTEL_TRACES_EXPORTER: 'none' };
  await writeFile(join(home, 'htpasswd'), `${HTPASSWD}\n`);
  await writeFile(join(home, 'password'), `${PASSWORD}\n`);
  const { program, config, configuration } = await PLANS[kind](ground);
  await writeFile(join(home, 'config.json'), JSON.stringify(config));
  const running = start(tool(program), ['serve', join(home, 'config.json')], { env });
  ground.endings.push(() => running.stop());
  await until(kind, () => asksForLogin(address), { running }).catch(async error => {
    await stop();
    throw error;
  });
  const url = `http://${address}`;
  const passwordReference = `file:${join(home, 'password')}`;
  const authentication = { username: USER, password: passwordReference };
  return {
    ...{ address, url, passwordReference, stop, output: running.output },
    configuration: { url, authentication, ...configuration },
    async put({ layout }, repository) {
      const target = `docker://${address}/${repository}:${TAG}`;
      const login = ['--dest-tls-verify=false', '--dest-creds', CREDENTIALS];
      await skopeo(['copy', '--all', '--insecure-policy', ...login, `oci:${layout}:${TAG}`, target], env);
    },
    async digestOf(repository, tag) {
      const source = `docker://${address}/${repository}:${tag}`;
      const manifest = await skopeo(
        ['inspect', '--raw', '--tls-verify=false', '--creds', CREDENTIALS, source],
        env,
      );
      return `sha256:${hash('sha256', manifest)}`;
    },
  };
}

async function skopeo(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { code, output } = await run(tool('skopeo'), args, { env });
  if (code !== 0) throw new Error(output);
  return output;
}

function asksForLogin(address: string): Promise<boolean> {
  return fetch(`http://${address}/v2/`).then(
    ({ status }) => status === 401,
    () => false,
  );
}
