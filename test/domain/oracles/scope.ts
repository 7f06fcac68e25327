/**
 * A second reading of the scope grammar (distribution `docs/content/spec/auth/scope.md`): an automaton that takes
 * one character at a time. It shares no code with lib/domain/scope.ts, so that the two can be compared.
 */

export interface ReadScope {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** Every scope in the values of the `scope` parameters; the actions of one resource joined, each once. */
export function readScopes(values: readonly string[]): ReadScope[] {
  const found: { type: string; name: string; actions: string[] }[] = [];
  for (const value of values) {
    for (const text of split(value, ' ')) {
      const scope = readScope(text);
      if (scope === undefined) continue;
      let entry = found.find(({ type, name }) => type === scope.type && name === scope.name);
      if (entry === undefined) {
        entry = { type: scope.type, name: scope.name, actions: [] };
        found.push(entry);
      }
      for (const action of scope.actions) if (!entry.actions.includes(action)) entry.actions.push(action);
    }
  }
  return found;
}

function readScope(text: string): ReadScope | undefined {
  let colons = 0;
  let type = '';
  let name = '';
  let sinceColon = '';
  for (const character of text) {
    if (character !== ':') {
      sinceColon += character;
      continue;
    }
    if (colons === 0) type = sinceColon;
    else name += (colons === 1 ? '' : ':') + sinceColon;
    colons++;
    sinceColon = '';
  }
  if (colons < 2) return undefined;
  return { type: readType(type), name, actions: split(sinceColon, ',').filter(action => action.length > 0) };
}

/** `word(class)` is the word; every other text stays as it is. */
function readType(text: string): string {
  type State = 'word' | 'class' | 'closed';
  let state: State = 'word';
  let word = '';
  let klass = '';
  for (const character of text) {
    if (state === 'word' && character === '(') state = 'class';
    else if (state === 'class' && character === ')') state = 'closed';
    else if (state === 'closed' || !isLowerAlphaNumeric(character)) return text;
    else if (state === 'word') word += character;
    else klass += character;
  }
  return state === 'closed' && word.length > 0 && klass.length > 0 ? word : text;
}

function isLowerAlphaNumeric(character: string): boolean {
  return 'abcdefghijklmnopqrstuvwxyz0123456789'.includes(character);
}

function split(text: string, separator: string): string[] {
  const parts = [''];
  for (const character of text) {
    if (character === separator) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
