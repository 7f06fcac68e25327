/** Reads `WWW-Authenticate` (RFC 9110 section 11.6.1): what a registry asks for. */

/** One way to authenticate: its scheme and the names of its parameters in lower case, their values as they are. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';

/** Blanks around `=` are bad, but must be understood. */
const PARAMETER = new RegExp(`^(${TOKEN})[ \\t]*=[ \\t]*(${TOKEN}|${QUOTED})[ \\t]*(?=,|$)`);

/** A scheme, and the token68 that some have in place of parameters. */
const SCHEME = new RegExp(`^(${TOKEN})(?:[ \\t]+[A-Za-z0-9._~+/-]+=*[ \\t]*(?=,|$))?(?=[ \\t,]|$)`);

const GAP = /^[ \t,]+/;

/**
 * The challenges in their order; several header fields come joined by commas. Undefined for what follows no grammar or
 * repeats a parameter: a header that two readers could take differently does not say where a secret may go.
 */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (let rest = header.replace(GAP, ''); rest !== ''; ) {
    const parameter = PARAMETER.exec(rest);
    const [text, name, value] = parameter ?? SCHEME.exec(rest) ?? [];
    if (text === undefined || name === undefined) return undefined;
    const key = name.toLowerCase();
    const parameters = challenges.at(-1)?.parameters;
    if (value === undefined) challenges.push({ scheme: key, parameters: new Map() });
    else if (parameters === undefined || parameters.has(key)) return undefined;
    else parameters.set(key, unquote(value));
    rest = rest.slice(text.length).replace(GAP, '');
  }
  return challenges;
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}
