/** A whole deployment in this process: the exported functions over a table in memory, and a real IAM to ask. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { openParts, type World } from '../../lib/compose/parts.ts';
import { openAttesting, openTableMarker, TABLE_SETTINGS } from '../../lib/compose/resources.ts';
import { credentialKeyRotation } from '../../lib/derivation/credential-keys.ts';
import { createKeyFile, fileKeySource } from '../../lib/derivation/key-source.ts';
import { toSeconds } from '../../lib/domain/time.ts';
import type { HttpHandler } from '../../lib/http/chain.ts';
import type { HttpEvent } from '../../lib/http/request.ts';
import type { IamLimits } from '../../lib/iam/verifier.ts';
import type { MatchStatus } from '../../lib/ports/ledger.ts';
import type { Table } from '../../lib/ports/table.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import type { RefusalWaits } from '../../lib/usecases/refusals.ts';
import { type DevelopmentIam, developmentIam } from '../../local/development-iam/development-iam.ts';
import { Tokens } from '../../local/development-iam/tokens.ts';
import { createFunctions } from '../../local/functions.ts';
import { type Gateway, type Invoke, startGateway } from '../../local/gateway.ts';
import { onAws, onOneMachine, type ServedTable } from './backends.ts';
import { CONTEXT, eventOf, type Received, received, type Sent } from './events.ts';
import { NOW, SERVICE } from './records.ts';
import { newWire, type StoreWire } from './store-wire.ts';

export const PUBLIC_URL = 'https://pullpass.example';
/** Alice and Carol administer one account, Bob another; Mallory belongs to Alice's and may do nothing. */
export const ALICE = 'acme:alice';
export const CAROL = 'acme:carol';
export const BOB = 'rival:bob';
export const MALLORY = 'acme:mallory';

export interface DeploymentOptions {
  /** Variables beside those that a deployment cannot do without; undefined takes one of these away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The IAM's access tokens name no audience, and the configuration says so. */
  readonly weakIam?: boolean;
  /** Entries of the issuers file beside the IAM's, as an operator writes them. */
  readonly issuers?: readonly object[];
  /** What an operator adds to the IAM's entry. */
  readonly iamEntry?: object;
  /** Stores in DynamoDB Local as on AWS, the ledger in a second table: for slow tests. */
  readonly onAws?: boolean;
  /** The services file, as an operator writes it; absent: one service. */
  readonly services?: readonly object[];
  /** How long issuers are waited for. */
  readonly iamLimits?: IamLimits;
  /** How long a refused login waits; absent: for its write alone. */
  readonly refusalWaits?: RefusalWaits;
}

export interface Deployment {
  readonly invoke: Invoke;
  /** The handlers by the name of their function. */
  readonly handlers: Readonly<Record<string, HttpHandler>>;
  readonly wire: StoreWire;
  /** The table that is served from, past the wire. */
  readonly table: Table;
  /** The table of the first deployment. */
  readonly main: ServedTable;
  /** An empty table, to deploy over. */
  freshTable(): Promise<ServedTable>;
  /** The world that the functions were handed: for those that no route leads to, and for others beside these. */
  readonly world: World;
  /** The world of the functions that serve now. */
  readonly serving: World;
  /** Makes the table that is served from the ledger's if it is new, as each deployment does. */
  initialise(): Promise<MatchStatus>;
  /** The same world with these variables; undefined takes one away. */
  worldWith(environment: Readonly<Record<string, string | undefined>>): World;
  /** What the functions have written, a line each. */
  readonly logs: readonly string[];
  /** Whether the IAM answers. */
  iamAnswers: boolean;
  readonly directory: string;
  send(line: string, sent?: Sent): Promise<Received>;
  /** Logs in with a registry token, asking for a scope. */
  logIn(token: string, scope?: string): Promise<Received>;
  /** Lets time pass; the clock is stopped otherwise. */
  wait(seconds: number): void;
  /** Deploys the functions anew, over another table. */
  serveFrom(table: ServedTable): void;
  /** Sends with the API key of this person. */
  as(who: string): (line: string, sent?: Sent) => Promise<Received>;
  apiKeyOf(who: string): Promise<string>;
  bearerOf(who: string): Promise<string>;
  refreshTokenOf(who: string): Promise<string>;
  /** The requests that the IAM's token endpoint got, each as its `Authorization` and its form. */
  readonly exchanges: readonly IamExchange[];
  close(): Promise<void>;
}

export interface IamExchange {
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

/** Deploys. */
export async function deploy(options: DeploymentOptions = {}): Promise<Deployment> {
  const { environment = {} } = options;
  vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1000 });
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-deployment-'));
  const wire = newWire();
  const backend = await (options.onAws ? onAws(wire) : onOneMachine(wire, directory));
  const main = await backend.freshTable();
  const logs: string[] = [];
  await keysIn(directory);
  const iam = await openIam(directory, options);
  const services = await servicesIn(directory, options.services);
  const variables = { ...essentials(directory), ...backend.variables, ...services, ...environment };
  const world: World = {
    environment: { ...main.variables, ...variables },
    clock: () => Date.now(),
    randomBytes,
    write: line => void logs.push(line),
    ...(options.iamLimits === undefined ? {} : { iamLimits: options.iamLimits }),
    refusalWaits: options.refusalWaits ?? { leastMs: 0, mostMs: 1000 },
    ...main.world,
  };
  const worldWith: Deployment['worldWith'] = changes => ({
    ...world,
    environment: { ...world.environment, ...changes },
  });
  let [serving, table] = [world, main.table];
  const initialise = async () => {
    const parts = openParts(serving, TABLE_SETTINGS);
    await openAttesting(parts)();
    return openTableMarker(parts, 'described').initialise(Date.now());
  };
  await initialise();
  let functions = createFunctions(serving);
  const invoke: Invoke = (event, context) => functions.invoke(event, context);
  const send: Deployment['send'] = async (line, sent) => received(await invoke(eventOf(line, sent), CONTEXT));
  const apiKeys = new Map<string, Promise<string>>();
  const apiKeyOf = (who: string) => {
    const key = apiKeys.get(who) ?? iam.newApiKey(who);
    apiKeys.set(who, key);
    return key;
  };
  return {
    invoke,
    get handlers() {
      return functions.handlers;
    },
    get serving() {
      return serving;
    },
    initialise,
    world,
    worldWith,
    wire,
    main,
    freshTable: () => backend.freshTable(),
    get table() {
      return table;
    },
    logs,
    directory,
    send,
    apiKeyOf,
    get iamAnswers() {
      return iam.answers;
    },
    set iamAnswers(answers) {
      iam.answers = answers;
    },
    as: who => async (line, sent) => send(line, { basic: ['iamapikey', await apiKeyOf(who)], ...sent }),
    bearerOf: async who =>
      options.weakIam ? iam.signFor(who) : (await iam.exchange(await apiKeyOf(who))).access_token,
    refreshTokenOf: async who => (await iam.exchange(await apiKeyOf(who))).refresh_token,
    exchanges: iam.exchanges,
    logIn: (token, scope) =>
      send(`GET /oauth/token?service=${SERVICE.name}${scope === undefined ? '' : `&scope=${scope}`}`, {
        basic: ['token', token],
      }),
    serveFrom: served => {
      table = served.table;
      serving = { ...worldWith(served.variables), ...served.world };
      functions = createFunctions(serving);
    },
    wait: seconds => void vi.setSystemTime(Date.now() + seconds * 1000),
    close: async () => {
      vi.useRealTimers();
      await iam.close();
      await backend.close();
      await rm(directory, { recursive: true });
    },
  };
}

function essentials(directory: string): Record<string, string> {
  const administrators = [ALICE, CAROL, BOB].map(who => `dev:${who}`);
  return {
    PULLPASS_URL: PUBLIC_URL,
    PULLPASS_KEYS: `file:${join(directory, 'keys')}`,
    PULLPASS_DERIVATION_KEY: `file:${join(directory, 'derivation.json')}`,
    PULLPASS_CREDENTIAL_KEY: `file:${join(directory, 'credential.json')}`,
    PULLPASS_ISSUERS: join(directory, 'issuers.json'),
    PULLPASS_ADMINISTRATORS: administrators.join(' '),
    PULLPASS_FAILURES_PER_MINUTE: '1000000',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}

async function servicesIn(
  directory: string,
  services: DeploymentOptions['services'],
): Promise<Record<string, string>> {
  if (services === undefined) return {};
  const path = join(directory, 'services.json');
  await writeFile(path, JSON.stringify(services));
  return { PULLPASS_SERVICES: path };
}

async function keysIn(directory: string): Promise<void> {
  await mkdir(join(directory, 'keys'));
  await maintainRing(SERVICE, fileKeyStore(join(directory, 'keys')), toSeconds(Date.now()));
  await createKeyFile(join(directory, 'derivation.json'), randomBytes);
  const credentialKey = fileKeySource(join(directory, 'credential.json'));
  await credentialKeyRotation(credentialKey, randomBytes).maintain(toSeconds(Date.now()));
}

interface Iam {
  answers: boolean;
  newApiKey(who: string): Promise<string>;
  readonly exchanges: IamExchange[];
  exchange(apiKey: string): Promise<{ access_token: string; refresh_token: string }>;
  /** An access token without audience. */
  signFor(who: string): Promise<string>;
  close(): Promise<void>;
}

/** The development IAM, behind a real gateway: the functions reach it as they reach any issuer. */
async function openIam(directory: string, options: DeploymentOptions): Promise<Iam> {
  const { weakIam = false, issuers = [], iamEntry = {} } = options;
  let iam: DevelopmentIam | undefined;
  const exchanges: IamExchange[] = [];
  const gateway: Gateway = await startGateway(
    async event => {
      if (event.rawPath === '/iam/identity/token') exchanges.push(exchangeIn(event));
      if (!state.answers || iam === undefined) return { statusCode: 503 };
      return iam.handler(event);
    },
    { host: '127.0.0.1', port: 0 },
  );
  const administratorKeyFile = join(directory, 'administrator.apikey');
  const handler = await developmentIam({
    directory: join(directory, 'iam'),
    publicUrl: PUBLIC_URL,
    internalUrl: `http://127.0.0.1:${gateway.port}`,
    administratorKeyFile,
    now: () => Date.now(),
    randomBytes,
  });
  iam = handler;
  const { issuer } = handler;
  const audience = weakIam ? `none:${issuer.issuer}` : issuer.audience;
  const entries = [{ ...issuer, audience, ...iamEntry }, ...issuers];
  await writeFile(join(directory, 'issuers.json'), JSON.stringify(entries));
  const administratorKey = (await readFile(administratorKeyFile, 'utf8')).trim();
  const ask = async (line: string, sent: Sent) => received(await handler.handler(eventOf(line, sent))).json;
  const state: Iam = {
    answers: true,
    exchanges,
    async newApiKey(who) {
      const [account_id, iam_id] = who.split(':');
      const body = { iam_id, account_id, name: 'test' };
      return (await ask('POST /iam/v1/apikeys', { basic: ['iamapikey', administratorKey], json: body }))
        .apikey;
    },
    async exchange(apikey) {
      const form = { grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey };
      return ask('POST /iam/identity/token', { form });
    },
    async signFor(who) {
      const [account = '', iamId = ''] = who.split(':');
      const keyFile = join(directory, 'iam', 'signing-key.pem');
      const audience = undefined as unknown as string;
      const tokens = await Tokens.open({ keyFile, issuer: issuer.issuer, audience });
      return tokens.accessToken({ id: '', hash: '', name: '', iamId, account }, toSeconds(Date.now()));
    },
    close: () => gateway.close(),
  };
  return state;
}

function exchangeIn({ headers, body = '', isBase64Encoded }: HttpEvent): IamExchange {
  const text = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString();
  return {
    authorization: headers.authorization,
    form: Object.fromEntries(new URLSearchParams(text)),
  };
}
