/** What the word at the end of a command line could become. */
import type { Argument, Command, Option } from 'commander';
import { optionsOf, positionAfter } from '../commands/position.ts';
import type { Candidate, Collection } from './account-names.ts';

/** What only this machine or the deployment knows. */
export interface Names {
  readonly targets: readonly { readonly name: string; readonly url: string }[];
  /** The services of the target that the line names, by their names and registries. */
  readonly services: (target: string | undefined) => readonly string[];
  readonly account: (target: string | undefined, collection: Collection) => Promise<readonly Candidate[]>;
}

/** What a shell would take as more than a word is not offered, nor a name like an option: some names come from a deployment. */
const SAFE = /^[\w.:@%+=,/[\]-]+$/;

/** This verb is the shells'. */
const NOT_OFFERED = 'complete';

/**
 * Everything that the last of `words` could become; the words before it are taken as they are. Nothing: it is for the
 * user to know, or a file.
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  names: Names,
): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const target = targetIn(words);
  const { command, option, operands } = positionAfter(program, before);
  const [, flag = '', value] = /^(--[a-z-]+=)(.*)$/s.exec(last) ?? [];
  const assigned = value === undefined ? option : named(command, flag.slice(0, -1));
  const offered =
    assigned === undefined
      ? await following({ command, last, operands, target }, names)
      : (await valuesOf(assigned, target, names)).map(({ word, ...rest }) => ({
          ...rest,
          word: flag + word,
        }));
  const isSafe = (word: string) => SAFE.test(word) && word.startsWith('-') === last.startsWith('-');
  return offered.filter(({ word }) => word.startsWith(last) && isSafe(word) && !operands.includes(word));
}

function named(command: Command, flag: string): Option | undefined {
  return optionsOf(command).find(({ long, required }) => required && long === flag);
}

/** The value of `--target` on the line; undefined: it has none. */
function targetIn(words: readonly string[]): string | undefined {
  const joined = words.find(word => word.startsWith('--target='));
  if (joined !== undefined) return joined.slice('--target='.length);
  const index = words.indexOf('--target');
  return index < 0 ? undefined : words[index + 1];
}

interface Place {
  readonly command: Command;
  readonly last: string;
  readonly operands: readonly string[];
  readonly target: string | undefined;
}

async function following(place: Place, names: Names): Promise<readonly Candidate[]> {
  const { command, last, operands } = place;
  if (last.startsWith('-')) return optionsOf(command).flatMap(({ long }) => asWords(long ?? []));
  if (command.commands.length > 0) {
    const isFirst = operands.length === 0 || operands.join(' ') === 'help';
    const help = command.parent === null && operands.length === 0 ? asWords('help') : [];
    const shown = command.commands.filter(verb => isListed(verb, command, last));
    return isFirst ? [...shown.flatMap(verbWords), ...help] : [];
  }
  const args = command.registeredArguments;
  const argument = args[operands.length] ?? args.findLast(({ variadic }) => variadic);
  return argument === undefined ? [] : valuesOfArgument(argument, place, names);
}

/** The nouns are for those who have begun to type one: without a letter there are enough words. */
function isListed(verb: Command, parent: Command, last: string): boolean {
  const isHidden = !parent.createHelp().visibleCommands(parent).includes(verb);
  return verb.name() !== NOT_OFFERED && (!isHidden || last !== '');
}

function verbWords(verb: Command): Candidate[] {
  return [verb.name(), ...verb.aliases()].map(word => ({ word, description: verb.description() }));
}

/** The placeholders of arguments and options whose values are known. */
async function valuesOfArgument(
  argument: Argument,
  { command, target }: Place,
  names: Names,
): Promise<readonly Candidate[]> {
  const collection = collectionOf(command, argument);
  if (collection !== undefined) return names.account(target, collection);
  return asWords(argument.argChoices ?? known(argument.name(), target, names));
}

async function valuesOf(
  { flags, argChoices }: Option,
  target: string | undefined,
  names: Names,
): Promise<readonly Candidate[]> {
  const [, placeholder = ''] = /<([a-z]+)>/.exec(flags) ?? [];
  if (placeholder === 'namespace') return names.account(target, 'namespaces');
  if (placeholder === 'token') return names.account(target, 'tokens');
  if (placeholder === 'issuer') return names.account(target, 'issuers');
  return asWords(argChoices ?? known(placeholder, target, names));
}

function known(placeholder: string, target: string | undefined, names: Names): readonly string[] {
  switch (placeholder) {
    case 'target':
      return names.targets.map(({ name }) => name);
    case 'url':
      return names.targets.map(({ url }) => url);
    case 'service':
      return names.services(target);
    default:
      return [];
  }
}

const COLLECTIONS: Readonly<Record<string, Collection>> = {
  token: 'tokens',
  policy: 'policies',
  trust: 'trusts',
  namespace: 'namespaces',
};

/** Which things of the account an argument names: those that are there, and not one to add. */
function collectionOf(command: Command, argument: Argument): Collection | undefined {
  const [noun = '', verb = command.name()] = command.name().includes('-')
    ? command.name().split('-')
    : [command.parent?.name()];
  const isKnown = argument.name() === 'id' || (argument.name() === 'name' && verb === 'rm');
  return isKnown && Object.hasOwn(COLLECTIONS, noun) ? COLLECTIONS[noun] : undefined;
}

function asWords(words: readonly string[] | string): Candidate[] {
  return [words].flat().map(word => ({ word }));
}
