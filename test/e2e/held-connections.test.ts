/** Rights are taken away while strangers and a token's holder hold as many connections as they can. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { newDeployment } from './support/deployment.ts';
import type { Pullpass } from './support/pullpass.ts';

const DESCRIPTORS = 256;
const HELD = 1000;
/** Enough that each alone stays within what one source may have. */
const ADDRESSES = Array.from({ length: 20 }, (_, i) => `127.0.0.${i + 2}`);

/** Opens so many connections, sends a part of a request on each, and opens each that is closed again. */
function hold(port: number, count: number): { attempts: () => number } {
  const sockets = new Set<Socket>();
  let [isOver, attempts] = [false, 0];
  const open = (localAddress: string) => {
    if (isOver) return;
    attempts += 1;
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    sockets.add(socket);
    socket.on('error', () => undefined).write('GET /oauth/token HTTP/1.1\r\nHost: x\r\nAuthorization: ');
    socket.on('close', () => {
      sockets.delete(socket);
      setTimeout(() => open(localAddress), 100);
    });
  };
  for (let i = 0; i < count; i++) open(ADDRESSES[i % ADDRESSES.length] ?? '127.0.0.1');
  onTestFinished(() => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  });
  return { attempts: () => attempts };
}

async function status(pullpass: Pullpass, token: string): Promise<number> {
  return (await pullpass.logIn('token', token)).status;
}

it('removal, disabling and revocation work while 1 000 connections are held, four times what there are descriptors', async () => {
  const pullpass = await newDeployment();
  pullpass.descriptors = DESCRIPTORS;
  await pullpass.start();
  const [removed, disabled, revoked, kept] = [
    await pullpass.addToken(),
    await pullpass.addToken(),
    await pullpass.addToken(),
    await pullpass.addToken(),
  ];
  const held = hold(Number(pullpass.settings.PORT), HELD);
  await sleep(1000);
  expect(held.attempts()).toBeGreaterThanOrEqual(HELD);
  await pullpass.manage('DELETE', `/v1/tokens/${removed.id}`);
  await pullpass.manage('PATCH', `/v1/tokens/${disabled.id}`, { disabled: true });
  const revocation = await fetch(`${pullpass.url}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: revoked.token }),
  });
  expect(revocation.status).toBe(200);
  for (const { token } of [removed, disabled, revoked]) expect(await status(pullpass, token)).toBe(401);
  expect(await status(pullpass, kept.token)).toBe(200);
});
