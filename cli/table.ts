/** Tables for people: columns as wide as they have to be. */
import { printable } from './text.ts';

const GAP = '   ';

/** The lines of a table. Whatever others wrote into it cannot leave its cell. */
export function tableOf(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows.map(row => row.map(printable))];
  const widths = headings.map((_, column) => Math.max(...cells.map(row => (row[column] ?? '').length)));
  return cells
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values, a line each. */
export function listingOf(entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}${GAP}${printable(value)}`).join('\n');
}
