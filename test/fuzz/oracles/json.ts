/** A second reading of JSON (RFC 8259), one character at a time, which notices what a strict reader must refuse. */

export interface ReadJson {
  readonly value: unknown;
  /** A member given twice, a member named `__proto__`, or more than twenty levels. */
  readonly isAmbiguous: boolean;
}

const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '"': '"', '\\': '\\', '/': '/' },
  ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' },
};

/** Undefined for what is not JSON. */
export function readJson(text: string): ReadJson | undefined {
  const reader = new Reader(text);
  try {
    const value = reader.text();
    return { value, isAmbiguous: reader.isAmbiguous };
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

class NotJson extends Error {}

class Reader {
  isAmbiguous = false;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  text(): unknown {
    const value = this.#value(0);
    this.#blanks();
    if (this.#at !== this.#text.length) throw new NotJson();
    return value;
  }

  #value(depth: number): unknown {
    this.#blanks();
    const first = this.#text.charAt(this.#at);
    if (first === '{' || first === '[') {
      if (depth === 20) this.isAmbiguous = true;
      return first === '{' ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    if (first === '"') return this.#string();
    if (first === '-' || isDigit(first)) return this.#number();
    return this.#word();
  }

  #object(depth: number): unknown {
    const members: [string, unknown][] = [];
    this.#list('{', '}', () => {
      this.#blanks();
      const name = this.#string();
      if (name === '__proto__' || members.some(([other]) => other === name)) this.isAmbiguous = true;
      this.#blanks();
      this.#take(':');
      members.push([name, this.#value(depth)]);
    });
    return Object.fromEntries(members);
  }

  #array(depth: number): unknown {
    const values: unknown[] = [];
    this.#list('[', ']', () => void values.push(this.#value(depth)));
    return values;
  }

  #list(open: string, close: string, item: () => void): void {
    this.#take(open);
    this.#blanks();
    let isFirst = true;
    while (this.#text.charAt(this.#at) !== close) {
      if (!isFirst) this.#take(',');
      isFirst = false;
      item();
      this.#blanks();
    }
    this.#take(close);
  }

  #string(): string {
    this.#take('"');
    let value = '';
    for (;;) {
      const character = this.#text.charAt(this.#at);
      if (character === '' || character < ' ') throw new NotJson();
      this.#at++;
      if (character === '"') return value;
      value += character === '\\' ? this.#escape() : character;
    }
  }

  #escape(): string {
    const kind = this.#text.charAt(this.#at++);
    if (kind !== 'u') {
      const character = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
      if (character === undefined) throw new NotJson();
      return character;
    }
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (digits.length < 4 || ![...digits].every(digit => '0123456789abcdefABCDEF'.includes(digit)))
      throw new NotJson();
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): number {
    const start = this.#at;
    if (this.#text.charAt(this.#at) === '-') this.#at++;
    if (this.#text.charAt(this.#at) === '0') this.#at++;
    else this.#digits();
    if (this.#text.charAt(this.#at) === '.') {
      this.#at++;
      this.#digits();
    }
    if ('eE'.includes(this.#text.charAt(this.#at) || '-')) {
      this.#at++;
      if ('+-'.includes(this.#text.charAt(this.#at) || ' ')) this.#at++;
      this.#digits();
    }
    return Number(this.#text.slice(start, this.#at));
  }

  #digits(): void {
    if (!isDigit(this.#text.charAt(this.#at))) throw new NotJson();
    while (isDigit(this.#text.charAt(this.#at))) this.#at++;
  }

  #word(): unknown {
    const word = Object.keys(WORDS).find(name => this.#text.startsWith(name, this.#at));
    if (word === undefined) throw new NotJson();
    this.#at += word.length;
    return WORDS[word];
  }

  #take(character: string): void {
    if (this.#text.charAt(this.#at) !== character) throw new NotJson();
    this.#at++;
  }

  #blanks(): void {
    while (' \t\n\r'.includes(this.#text.charAt(this.#at) || 'x')) this.#at++;
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}
