/** The processes that are measured, or that stand around what is. All of them end with this one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onCore, type Role } from './cores.ts';

export interface Server {
  readonly pid: number;
  readonly port: number;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly role?: Role;
  readonly parameters?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts bench/servers/<name>.ts, which reports its port when it is ready and exits when this process is gone. */
export async function startServer(
  name: string,
  { role = 'measured', parameters = [], environment = {} }: ServerOptions = {},
): Promise<Server> {
  const file = join(import.meta.dirname, '..', 'servers', `${name}.ts`);
  const [command, rest] = onCore(role, [process.execPath, file, ...parameters]);
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const [message] = (await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(`${name} did not start`))),
  ])) as [{ port: number }];
  return {
    pid: child.pid ?? 0,
    port: message.port,
    close: async () => {
      child.kill();
      await exited;
    },
  };
}
