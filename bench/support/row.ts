/** A line of the table that the bench prints. */

export interface Row {
  readonly goal: string;
  readonly what: string;
  readonly value: string;
  readonly target: string;
  readonly met: string;
}

export interface Figure {
  readonly value: number;
  readonly unit?: string;
  readonly digits?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A figure, and whether it is where it should be; without a limit it is there to be read. */
export function row(goal: string, what: string, figure: Figure): Row {
  const { value, unit = '×', digits = 2, atMost, atLeast } = figure;
  const limit = atMost ?? atLeast;
  const target = limit === undefined ? '' : `${atMost === undefined ? '≥' : '≤'} ${limit} ${unit}`;
  const kept = atMost === undefined ? value >= (atLeast ?? 0) : value <= atMost;
  return {
    goal,
    what,
    value: `${value.toFixed(digits)} ${unit}`,
    target,
    met: limit === undefined ? '' : verdict(kept),
  };
}

function verdict(kept: boolean): string {
  return kept ? 'yes' : 'NO';
}

/** One part of the bench, which `npm run bench -- <name>` runs alone. */
export type Piece = () => Promise<Row[]>;
