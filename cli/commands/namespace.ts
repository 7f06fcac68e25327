/** `namespace-add`, `namespace-list` and `namespace-rm`. */
import type { Command } from 'commander';
import { namespace } from '../arguments.ts';
import type { Context } from '../context.ts';
import { removeVerb } from './removal.ts';
import { NAMESPACES } from './unheld-namespaces.ts';
import { addNoun, listVerb } from './verbs.ts';

const CREATED = 201;

export function addNamespaces(program: Command, context: Context): void {
  addNoun(program, {
    noun: 'namespace',
    description: 'Namespaces, the first segments of repository names',
    verbs: [
      {
        name: 'add',
        description: 'register a namespace for the account',
        build: command =>
          command.argument('<name>', '', namespace).action((name: string) => addNamespace(context, name)),
      },
      listVerb(context, {
        description: 'list the namespaces of the account',
        path: '/v1/namespaces',
        schema: NAMESPACES,
        items: ({ namespaces }) => namespaces,
        headings: ['NAMESPACE'],
        row: ({ name }) => [name],
      }),
      removeVerb(context, {
        description: 'release namespaces; their names stay reserved to the account',
        argument: 'name',
        parse: namespace,
        path: '/v1/namespaces',
        noun: ['namespace', 'namespaces'],
        effect: [
          'No login can pull or push in it until it is registered again.',
          'No login can pull or push in them until they are registered again.',
        ],
        describe: async (_, names) => names.map(() => undefined),
      }),
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
