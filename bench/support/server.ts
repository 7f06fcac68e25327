/** The processes that are measured, or that stand around what is. All of them end with this one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { onCore, type Role } from './cores.ts';

export interface Server {
  readonly pid: number;
  readonly port: number;
  /** Sends a message, and resolves with the next that comes back. */
  ask(message: object): Promise<unknown>;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Of bench/; absent: servers. */
  readonly folder?: 'peers' | 'servers';
  readonly role?: Role;
  /** A file for what it prints; absent: nowhere. */
  readonly output?: FileHandle;
  readonly parameters?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts bench/<folder>/<name>.ts, which reports its port when it is ready and exits when this process is gone. */
export async function startServer(
  name: string,
  { folder = 'servers', role = 'measured', output, parameters = [], environment = {} }: ServerOptions = {},
): Promise<Server> {
  const file = join(import.meta.dirname, '..', folder, `${name}.ts`);
  const [command, rest] = onCore(role, [process.execPath, file, ...parameters]);
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', output?.fd ?? 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const next = async (): Promise<unknown> => {
    const ended = exited.then(() => Promise.reject(new Error(`${name} has ended`)));
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
    return message;
  };
  const { port } = (await next()) as { port: number };
  return {
    pid: child.pid ?? 0,
    port,
    ask: message => {
      child.send(message);
      return next();
    },
    close: async () => {
      child.kill();
      await exited;
    },
  };
}
