/** P1, P2, P3: the CPU of a login beside the least it could cost, the usual way to write one, and a peer. */
import { compare } from '../support/compare.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { get, peerRequest } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { startServer } from '../support/server.ts';

export async function login(): Promise<Row[]> {
  const around = await openLoginServers();
  const subjects = {
    hello: { server: await startServer('hello'), requests: [get('/')] },
    sign: { server: await startServer('hello', { parameters: ['sign'] }), requests: [get('/')] },
    read: {
      server: await startServer('hello', { parameters: ['read', around.readUrl] }),
      requests: [get('/')],
    },
    login: { server: await around.start('login'), requests: [around.request] },
    baseline: { server: await around.start('baseline'), requests: [around.request] },
    peer: { server: await startServer('peer'), requests: [peerRequest()] },
  };
  const { hello, sign, read, login: ours, baseline, peer } = await compare(subjects);
  await Promise.all(Object.values(subjects).map(({ server }) => server.close()));
  await around.close();
  const parts = { hello: hello.cpu, signature: sign.cpu - hello.cpu, read: read.cpu - hello.cpu };
  const floor = parts.hello + parts.signature + parts.read;
  const ms = { unit: 'ms', digits: 3 };
  return [
    row('', 'CPU of an HTTP hello', { value: parts.hello, ...ms }),
    row('', 'CPU of a bare ES256 signature', { value: parts.signature, ...ms }),
    row('', 'CPU of one pooled HTTP read', { value: parts.read, ...ms }),
    row('', 'CPU of a login by SDK and jose', { value: baseline.cpu, ...ms }),
    row('', 'CPU of a token of oidc-provider', { value: peer.cpu, ...ms }),
    row('here', 'CPU of a login', { value: ours.cpu, ...ms, atMost: 1.3 }),
    row('P1', 'a login to hello + signature + read', { value: ours.cpu / floor, atMost: 1.7 }),
    row('P2', 'a login by SDK and jose to ours', { value: baseline.cpu / ours.cpu, atLeast: 3 }),
    row('P3', 'our tokens per core to those of oidc-provider', { value: peer.cpu / ours.cpu, atLeast: 2.5 }),
  ];
}
