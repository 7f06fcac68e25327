/** `target-add`, `target-list`, `target-use` and `target-rm`: the deployments that the command knows. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { discover } from '../discovery.ts';
import { UsageError } from '../errors.ts';
import { chosenTarget, targetNamed, withoutTarget, withTarget } from '../home.ts';
import { isTargetName, parseTargetUrl, type Target } from '../target.ts';
import { addNoun } from './verbs.ts';

export function addTargets(program: Command, context: Context): void {
  addNoun(program, {
    noun: 'target',
    description: 'Targets, the deployments of your regions',
    verbs: [
      {
        name: 'add',
        description: 'name a deployment, and read what it serves (again)',
        build: command =>
          command
            .argument('<name>')
            .argument('<url>')
            .action((name: string, url: string) => addTarget(context, name, url)),
      },
      {
        name: 'list',
        description: 'list the targets',
        build: command =>
          command
            .option('-q, --quiet', 'names only')
            .action((options: { quiet?: true }) => listTargets(context, options)),
      },
      {
        name: 'use',
        description: 'make a target the current one',
        build: command => command.argument('<target>').action((name: string) => useTarget(context, name)),
      },
      {
        name: 'rm',
        description: 'forget a target, its login, and the tokens stored for its registries',
        build: command => command.argument('<target>').action((name: string) => removeTarget(context, name)),
      },
    ],
  });
}

async function addTarget(context: Context, name: string, text: string): Promise<void> {
  if (!isTargetName(name)) throw new UsageError(`${name} is not a valid name of a target.`);
  const url = parseTargetUrl(text);
  const { home, output } = context;
  const found = await context.waitFor(url, discover(context.brokerAt(url)));
  const state = await home.update(before => {
    const known = targetNamed(before, name);
    const isSame = known?.url === url && JSON.stringify(known.issuer) === JSON.stringify(found.issuer);
    // A login belongs to the deployment and issuer that it was made with.
    const rest =
      known === undefined || isSame ? before : { ...withoutTarget(before, name), current: before.current };
    return withTarget(rest, { name, url, ...found, login: isSame ? known.login : null });
  });
  const registries = found.services.map(({ registry }) => registry);
  await output.show(
    rowOf(chosenTarget(state, name), state.current),
    `Added ${name} (${url}), which serves ${registries.join(', ') || 'no registry'}.`,
  );
}

async function listTargets({ home, output }: Context, { quiet }: { quiet?: true }): Promise<void> {
  const { targets, current } = await home.read();
  if (output.format === 'json') return output.jsonList(targets.map(target => rowOf(target, current)));
  if (quiet) {
    for (const { name } of targets) await output.line(name);
    return;
  }
  await output.showTable(
    targets,
    ['', 'NAME', 'URL', 'LOGIN', 'REGISTRIES'],
    ({ name, url, login, services }) => [
      name === current ? '*' : '',
      name,
      url,
      login?.kind ?? '-',
      services.map(({ registry }) => registry).join(' '),
    ],
  );
}

/** A target as programs see it: the kind of its login, and no secret. */
function rowOf({ name, url, services, issuer, login }: Target, current: string | null): object {
  return { name, url, current: name === current, services, issuer, login: login?.kind ?? null };
}

async function useTarget({ home, output }: Context, name: string): Promise<void> {
  const { url } = chosenTarget(await home.read(), name);
  await home.update(state => ({ ...state, current: chosenTarget(state, name).name }));
  await output.show({ current: name, url }, `The current target is ${name} (${url}).`);
}

async function removeTarget({ home, output }: Context, name: string): Promise<void> {
  chosenTarget(await home.read(), name);
  await home.update(state => withoutTarget(state, name));
  await output.show({ removed: name }, `Forgot ${name}.`);
}
