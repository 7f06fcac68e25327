/** The wide table of tokens: fitted to the terminal, with a coloured state where it shows colours. */
import { isEndingSoon } from '../../lib/domain/hygiene.ts';
import { toSeconds } from '../../lib/domain/time.ts';
import type { Part } from '../printer.ts';
import { labelsText, printable } from '../text.ts';
import type { AnyToken } from './token-options.ts';

const GAP = '   ';

type State = 'active' | 'disabled' | 'expiring';

const COLOURS = { active: 'green', disabled: 'red', expiring: 'yellow' } as const;

/** The state of a token at `now`, in seconds since 1970. */
function stateOf({ disabled, createdAt, expiresAt }: AnyToken, now: number): State {
  if (disabled) return 'disabled';
  const times = {
    createdAt: secondsOf(createdAt),
    expiresAt: expiresAt === null ? null : secondsOf(expiresAt),
  };
  return isEndingSoon(times, now) ? 'expiring' : 'active';
}

function secondsOf(time: string): number {
  return toSeconds(Date.parse(time));
}

interface Column {
  readonly heading: string;
  readonly width: number;
  readonly of: (token: AnyToken) => string;
}

/** Rows are printed as they come, so widths are fixed. */
const FIXED: readonly Column[] = [
  { heading: 'ACCESS', width: 6, of: ({ access }) => access },
  {
    heading: 'EXPIRY',
    width: 10,
    of: ({ expiresAt }) => String(expiresAt === null ? 0 : secondsOf(expiresAt)),
  },
  { heading: 'EXPIRES', width: 20, of: ({ expiresAt }) => expiresAt ?? 'never' },
  { heading: 'LAST USED', width: 20, of: ({ lastUsedAt }) => lastUsedAt ?? 'never' },
];

/** These share what is left of the terminal; the last one is as long as it must be where there is none. */
const FLEXIBLE: readonly Column[] = [
  { heading: 'OWNER', width: 20, of: ({ owner }) => owner ?? '' },
  { heading: 'LABELS', width: 24, of: ({ labels }) => labelsText(labels ?? {}) },
  { heading: 'DESCRIPTION', width: 32, of: ({ description }) => description },
];
const LEAST_WIDTH = 11;

const ID: Column = { heading: 'TOKEN ID', width: 36, of: ({ id }) => id };
const STATE_WIDTH = 8;

interface WideTable {
  readonly heading: string;
  readonly row: (token: AnyToken) => readonly Part[];
}

/** `columns` are those of the terminal; undefined: it is none, and nothing is cut. */
export function wideTable(columns: number | undefined, now: number): WideTable {
  const flexible = columns === undefined ? FLEXIBLE : fitted(columns);
  const rest = [...FIXED, ...flexible];
  const isCut = columns !== undefined;
  const cellOf = (column: Column, token: AnyToken) => {
    const text = printable(column.of(token));
    return isCut && flexible.includes(column) ? cut(text, column.width) : text;
  };
  return {
    heading: [ID, { heading: 'STATE', width: STATE_WIDTH }, ...rest]
      .map(padded(one => one.heading))
      .join(GAP)
      .trimEnd(),
    row: token => {
      const state = stateOf(token, now);
      const cells = rest.map(padded(column => cellOf(column, token))).join(GAP);
      return [
        { text: `${token.id.padEnd(ID.width)}${GAP}` },
        { text: state, colour: COLOURS[state] },
        { text: `${' '.repeat(STATE_WIDTH - state.length)}${GAP}${cells}`.trimEnd() },
      ];
    },
  };
}

/** Cells as wide as their column, but the last. */
function padded<C extends { readonly width: number }>(textOf: (column: C) => string) {
  return (column: C, i: number, all: readonly C[]) =>
    i === all.length - 1 ? textOf(column) : textOf(column).padEnd(column.width);
}

/** The flexible columns in their proportions, none narrower than its heading. */
function fitted(columns: number): readonly Column[] {
  const fixed = [ID.width, STATE_WIDTH, ...FIXED.map(({ width }) => width)];
  const gaps = GAP.length * (fixed.length + FLEXIBLE.length - 1);
  const left = columns - gaps - fixed.reduce((sum, width) => sum + width, 0);
  const wanted = FLEXIBLE.reduce((sum, { width }) => sum + width, 0);
  return FLEXIBLE.map(column => ({
    ...column,
    width: Math.max(LEAST_WIDTH, Math.floor((left * column.width) / wanted)),
  }));
}

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}
