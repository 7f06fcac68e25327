/** A second reader of HTTP responses, line by line; undefined: it is no response, or more has to come. */

export interface ReadResponse {
  readonly status: number;
  readonly body: string;
  readonly isLast: boolean;
}

const VISIBLE = /^[\t -~\u0080-\u00ff]*$/;

/** `text`: a character for each byte. */
export function readResponse(text: string): ReadResponse | undefined {
  const blank = text.indexOf('\r\n\r\n');
  if (blank < 0 || blank > 16_380) return undefined;
  const [first = '', ...lines] = text.slice(0, blank).split('\r\n');
  const [version = '', status = ''] = [first.slice(0, 8), first.slice(9, 12)];
  const isReadable =
    ['HTTP/1.0', 'HTTP/1.1'].includes(version) &&
    first[8] === ' ' &&
    /^[2-5][0-9][0-9]$/.test(status) &&
    (first.length === 12 || first[12] === ' ') &&
    VISIBLE.test(first);
  const fields = lines.map(fieldIn);
  if (!isReadable || fields.includes(undefined)) return undefined;
  const valuesOf = (wanted: string) => fields.flatMap(field => (field?.[0] === wanted ? [field[1]] : []));
  const isLast =
    version === 'HTTP/1.0' ||
    valuesOf('connection').some(value => value.split(/[^\w]+/).some(word => word.toLowerCase() === 'close'));
  const framing = [...valuesOf('content-length'), ...valuesOf('transfer-encoding')];
  if (framing.length > 1) return undefined;
  const after = text.slice(blank + 4);
  const read =
    valuesOf('transfer-encoding').length === 1
      ? inChunks(version, framing[0] ?? '', after)
      : whole(status, framing[0], after);
  if (read === undefined) return undefined;
  const [bytes, rest] = read;
  return {
    status: Number(status),
    body: Buffer.from(bytes, 'latin1').toString(),
    isLast: isLast || rest !== '',
  };
}

function fieldIn(line: string): [name: string, value: string] | undefined {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  if (name === '' || /[^A-Za-z0-9!#$%&'*+.^_`|~-]/.test(name) || !VISIBLE.test(line)) return undefined;
  return [
    name.toLowerCase(),
    line
      .slice(colon + 1)
      .replace(/^[ \t]+/, '')
      .trimEnd(),
  ];
}

function whole(status: string, length: string | undefined, after: string): [string, string] | undefined {
  const size = length ?? (status === '204' ? '0' : '');
  if (!/^[0-9]{1,8}$/.test(size) || Number(size) > 25_165_824 || after.length < Number(size))
    return undefined;
  return [after.slice(0, Number(size)), after.slice(Number(size))];
}

function inChunks(version: string, coding: string, after: string): [string, string] | undefined {
  if (version === 'HTTP/1.0' || coding.toLowerCase() !== 'chunked') return undefined;
  let [bytes, rest] = ['', after];
  for (;;) {
    const [line = ''] = rest.split('\r\n', 1);
    const size = Number.parseInt(line, 16);
    if (!/^[0-9A-Fa-f]{1,6}$/.test(line) || rest.slice(line.length, line.length + 2) !== '\r\n')
      return undefined;
    const data = rest.slice(line.length + 2);
    if (data.length < size + 2 || data.slice(size, size + 2) !== '\r\n') return undefined;
    bytes += data.slice(0, size);
    rest = data.slice(size + 2);
    if (size === 0) return [bytes, rest];
  }
}
