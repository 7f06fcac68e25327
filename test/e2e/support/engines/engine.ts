/** Engines with DynamoDB's interface of other authors: Amazon's own, and an independent one. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { clientOf, createTable, type EngineAddress } from '../../../support/tables.ts';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from '../directories.ts';
import { freePort } from '../ports.ts';
import { start, until } from '../processes.ts';
import { tool } from '../tools.ts';

/** An engine whose tables are gone when it is stopped. */
export interface Engine extends EngineAddress {
  stop(): Promise<void>;
}

type Command = (port: number) => readonly [program: string, ...args: string[]];

/** Any will do, but both engines want one, and DynamoDB Local takes letters and digits alone. */
const CREDENTIALS = { accessKeyId: 'engine', secretAccessKey: 'engine' };
const JARS = join(PROJECT, '.build', 'tools', 'dynamodb-local');
const SERVER = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';

const ENGINES = {
  'DynamoDB Local': port => {
    const options = [`-Djava.library.path=${jars()}`, '-cp', join(jars(), '*')];
    return [tool('java'), ...options, SERVER, '-inMemory', '-disableTelemetry', '-port', `${port}`];
  },
  dynoxide: port => [tool('dynoxide'), '--host', '127.0.0.1', '--port', `${port}`],
} satisfies Record<string, Command>;

type EngineName = keyof typeof ENGINES;

/** Starts an engine, and returns when it carries out an operation. */
export async function startStore(name: EngineName): Promise<Engine> {
  const port = await freePort();
  const [program, ...args] = ENGINES[name](port);
  const home = await newDirectory('engine');
  const running = start(program, args, { cwd: home, env: bareEnvironment(home) });
  const engine = { endpoint: `http://127.0.0.1:${port}`, ...CREDENTIALS };
  const stop = async () => {
    await running.stop();
    await removeDirectory(home);
  };
  await until(name, () => answers(engine), { running }).catch(async error => {
    await stop();
    throw error;
  });
  return { ...engine, stop };
}

/** What a project of vitest does before its tests: it starts the engine, and tells them where it is. */
export function provideEngine(name: EngineName) {
  return async (project: TestProject) => {
    const { stop, ...engine } = await startStore(name);
    project.provide('engine', engine);
    return stop;
  };
}

/** The directory of DynamoDB Local. Throws with the command that fills it. */
function jars(): string {
  const directory = process.env.DYNAMODB_LOCAL ?? JARS;
  if (existsSync(directory)) return directory;
  throw new Error(
    `DynamoDB Local is missing. Install it with: apt-get install maven && mvn -q -f test/engines/dynamodb-local/pom.xml ` +
      `dependency:copy-dependencies; or name its directory in DYNAMODB_LOCAL.`,
  );
}

/** A cold engine takes seconds for its first table, which the clients of the tests do not give it. */
async function answers(engine: EngineAddress): Promise<boolean> {
  const client = clientOf(engine);
  const made = createTable(client, `first-${randomUUID()}`).then(
    () => true,
    () => false,
  );
  return made.finally(() => client.destroy());
}
