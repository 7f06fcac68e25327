/** A line of the table that the bench prints: what is measured, the goal of it, and the figure. */

export interface Row {
  /** P1 to P11, as docs/performance.md lists them; empty for a figure that others are compared with. */
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

/** A row that cannot be had here, and why. */
export function missing(goal: string, what: string, why: string): Row {
  return { goal, what, value: `not measured: ${why}`, target: '', met: '' };
}

function verdict(kept: boolean): string {
  return kept ? 'yes' : 'NO';
}

/** One part of the bench, which `npm run bench -- <name>` runs alone. Its rows are printed as they come. */
export type Piece = () => AsyncIterable<Row> | Promise<Iterable<Row>>;
