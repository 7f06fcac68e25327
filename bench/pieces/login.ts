/** P1, P2, P3: a login beside its floor, the usual way to write one, and other products; each peer is named with what it leaves out. */
import { lacksTokenServer, startTokenServer, tokenServerRequest } from '../peers/token-server.ts';
import { type Cost, compare, type Subject } from '../support/compare.ts';
import { compareHandlers } from '../support/handlers.ts';
import { loginEvent } from '../support/lambda-size.ts';
import { type LoginServers, openLoginServers } from '../support/login-servers.ts';
import { get, peerRequest } from '../support/requests.ts';
import { missing, type Row, row } from '../support/row.ts';
import { startServer } from '../support/server.ts';

/**
 * docker_auth cannot be installed here: the Go module proxy refuses it. So much more than oidc-provider it took in a run of both on
 * this kind of machine: with bcrypt at 5, as its example, and at 4, the least.
 */
const DOCKER_AUTH = { example: 2456 / 457, least: 1339 / 457 } as const;

export async function* login(): AsyncGenerator<Row> {
  const around = await openLoginServers();
  yield* handlerRows(around);
  yield* serverRows(around);
  await around.close();
}

async function* handlerRows(around: LoginServers): AsyncGenerator<Row> {
  const { environment, value } = around;
  const login = { event: loginEvent(value), environment };
  const { ours, floor } = await compareHandlers({
    ours: { file: 'functions/login.ts', ...login },
    floor: { file: 'bench/peers/floor.ts', ...login },
  });
  yield row('', "CPU of the floor's handler", { value: floor, unit: 'ms', digits: 3 });
  yield row('P1', "the handler's CPU to the floor's: the same work by hand", {
    value: ours / floor,
    atMost: 1.4,
  });
}

async function* serverRows(around: LoginServers): AsyncGenerator<Row> {
  const costs = await compareServers(around);
  const { hello, sign, read, login: ours, baseline, oidc, token } = costs;
  const ms = { unit: 'ms', digits: 3 };
  yield row('', 'CPU of an HTTP hello', { value: hello, ...ms });
  yield row('', 'CPU of a login, with the gateway', { value: ours, ...ms });
  yield row('P1', 'with the gateway, to HTTP hello + ES256 signature + pooled HTTP read', {
    value: ours / (sign + read - hello),
    atMost: 1.5,
  });
  yield row('P2', 'SDK + jose to ours; it leaves out checks, the namespace and the log line', {
    value: baseline / ours,
    atLeast: 2.8,
  });
  yield row('P3', "our rate to oidc-provider's; it leaves out the store and the log line", {
    value: oidc / ours,
    atLeast: 1,
  });
  yield token === undefined
    ? missing('P3', "distribution's token server", lacksTokenServer() ?? '')
    : row('P3', "our rate to distribution's token server's, bcrypt 5; it leaves out the store", {
        value: token / ours,
        atLeast: 1,
      });
  yield row('P3', "our rate to docker_auth's, bcrypt 5, by its ratio to oidc-provider; no store read", {
    value: (DOCKER_AUTH.example * oidc) / ours,
    atLeast: 4.5,
  });
  yield row('P3', 'the same, bcrypt 4', {
    value: (DOCKER_AUTH.least * oidc) / ours,
    atLeast: 2.5,
  });
}

type Name = 'baseline' | 'hello' | 'login' | 'oidc' | 'read' | 'sign';

/** Milliseconds of processor time. */
async function compareServers(around: LoginServers): Promise<Record<Name, number> & { token?: number }> {
  const hello = [get('/')];
  const ours = [around.request];
  const reading = { parameters: ['read', around.readUrl] };
  const peers = { folder: 'peers' } as const;
  const own: Record<Name, Subject & { server: Awaited<ReturnType<typeof startServer>> }> = {
    hello: { server: await startServer('hello'), requests: hello },
    sign: { server: await startServer('hello', { parameters: ['sign'] }), requests: hello },
    read: { server: await startServer('hello', reading), requests: hello },
    login: { server: await around.start('login'), requests: ours },
    baseline: { server: await around.start('baseline'), requests: ours },
    oidc: { server: await startServer('oidc-provider', peers), requests: [peerRequest()] },
  };
  const token =
    lacksTokenServer() === undefined
      ? { token: { server: await startTokenServer(), requests: [tokenServerRequest()] } }
      : {};
  const subjects = { ...own, ...token };
  const costs = await compare<string>(subjects);
  await Promise.all(Object.values(subjects).map(({ server }) => server.close()));
  return cpuOf(costs);
}

function cpuOf(costs: Readonly<Record<string, Cost>>): Record<Name, number> & { token?: number } {
  const entries = Object.entries(costs).map(([name, { cpu }]) => [name, cpu]);
  return Object.fromEntries(entries) as Record<Name, number> & { token?: number };
}
