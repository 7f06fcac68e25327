/** What was probably meant by an unknown verb or option that is spelled too differently for commander's own suggestion. */
import type { Command, CommanderError } from 'commander';
import { optionsOf, positionAfter } from './position.ts';

/** What other command lines call the same. */
const VERBS: Readonly<Record<string, string>> = {
  ...{ create: 'add', new: 'add', make: 'add', register: 'add', issue: 'add' },
  ...{ delete: 'rm', del: 'rm', remove: 'rm', revoke: 'rm', unregister: 'rm', release: 'rm' },
  ...{ ls: 'list', 'list-all': 'list' },
  ...{ value: 'get', reveal: 'get', inspect: 'show', read: 'get' },
  ...{ renew: 'rotate', roll: 'rotate', regenerate: 'rotate' },
  ...{ edit: 'update', change: 'update', set: 'update', modify: 'update', patch: 'update' },
  ...{ switch: 'use', select: 'use' },
};

const NOUNS: Readonly<Record<string, string>> = {
  ...{ tokens: 'token', namespaces: 'namespace', ns: 'namespace', policies: 'policy', trusts: 'trust' },
  ...{ targets: 'target', registries: 'registry', docker: 'registry', signin: 'login', signout: 'logout' },
};

const OPTIONS: Readonly<Record<string, string>> = {
  ...{ json: '--output', format: '--output', o: '--output' },
  ...{ push: '--readwrite', write: '--readwrite', rw: '--readwrite', 'read-write': '--readwrite' },
  ...{ pull: '--readonly', ro: '--readonly', 'read-only': '--readonly' },
  ...{ expires: '--expires-in', expiry: '--expires-in', expiration: '--expires-in', ttl: '--expires-in' },
  ...{ duration: '--expires-in', lifetime: '--expires-in', 'never-expires': '--non-expiring' },
  ...{ 'no-expiry': '--non-expiring', forever: '--non-expiring', permanent: '--non-expiring' },
  ...{ yes: '--force', y: '--force', scope: '--repository', namespace: '--repository' },
  ...{ key: '--apikey', password: '--apikey-stdin', server: '--url', host: '--url', region: '--target' },
};

/** The verb or option, or undefined when nothing is near. */
export function suggestionFor(
  { code, message }: CommanderError,
  program: Command,
  args: readonly string[],
): string | undefined {
  const [, typed = ''] = /'([^']*)'/.exec(message) ?? [];
  const index = args.indexOf(typed);
  const { command } = positionAfter(program, args.slice(0, Math.max(index, 0)));
  if (code === 'commander.unknownOption') return optionFor(command, typed);
  const next = args.slice(index + 1).find(word => !word.startsWith('-'));
  return code === 'commander.unknownCommand' ? verbFor(command, typed, next) : undefined;
}

function optionFor(command: Command, typed: string): string | undefined {
  const [name = ''] = typed.replace(/^-+/, '').toLowerCase().replaceAll('_', '-').split('=', 1);
  const known = optionsOf(command).flatMap(({ long }) => long ?? []);
  const wanted = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
  if (wanted !== undefined && known.includes(wanted)) return wanted;
  const shortest = 3;
  return known.find(long => name.length >= shortest && long.startsWith(`--${name}`));
}

/** `next`: the word after it, as in `create token`. */
function verbFor(command: Command, typed: string, next: string | undefined): string | undefined {
  const visible = command.createHelp().visibleCommands(command);
  const known = visible.flatMap(verb => [verb.name(), ...verb.aliases()]);
  const phrases = [typed, ...(next === undefined ? [] : [`${typed}-${next}`])];
  return phrases.flatMap(spellings).find(spelling => known.includes(spelling));
}

/** `Delete_Tokens` as `token-rm`; a plural alone as its list. */
function spellings(phrase: string): string[] {
  const words = phrase.toLowerCase().split(/[-_ :]/);
  const plain = words.map(word => (Object.hasOwn(VERBS, word) ? VERBS[word] : NOUNS[word]) ?? word);
  const [first = ''] = plain;
  const list = plain.length === 1 ? [`${first}-list`] : [];
  return [words.join('-'), plain.join('-'), [...plain].reverse().join('-'), ...list];
}
