/** `namespace-add`, `namespace-list` and `namespace-rm`. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { namespace, namespaces } from '../arguments.ts';
import type { Context } from '../context.ts';
import { addGroup } from '../group.ts';
import { removeEach } from '../remove-each.ts';
import { tableOf } from '../table.ts';

const NAMESPACES = v.object({ namespaces: v.array(v.looseObject({ name: v.string() })) });
const CREATED = 201;

export function addNamespaces(program: Command, context: Context): void {
  addGroup(program, {
    noun: 'namespace',
    description: 'Namespaces, the first segments of repository names',
    verbs: [
      {
        name: 'add',
        description: 'register a namespace for the account',
        build: command =>
          command.argument('<name>', '', namespace).action((name: string) => addNamespace(context, name)),
      },
      {
        name: 'list',
        description: 'list the namespaces of the account',
        build: command => command.action(() => listNamespaces(context)),
      },
      {
        name: 'rm',
        description: 'release namespaces; their names stay reserved to the account',
        build: command =>
          command
            .argument('<name...>', '', namespaces)
            .action((names: string[]) =>
              removeEach(context, { names, pathOf: name => `/v1/namespaces/${name}` }),
            ),
      },
    ],
  });
}

async function addNamespace(context: Context, name: string): Promise<void> {
  const session = await context.session();
  const { status } = await session.send({ method: 'PUT', path: `/v1/namespaces/${name}` });
  const registered = status === CREATED;
  const human = registered ? `Registered ${name}.` : `${name} is registered already.`;
  await context.output.show({ name, registered }, human);
}

async function listNamespaces(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const { namespaces: found } = await session.ask(NAMESPACES, { path: '/v1/namespaces' });
  if (output.format === 'json') return output.jsonList(found);
  await output.line(
    tableOf(
      ['NAMESPACE'],
      found.map(({ name }) => [name]),
    ),
  );
}
