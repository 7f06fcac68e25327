/** `npm run bench`: the figures of the performance goals, as ratios of one run. `npm run bench -- login` runs one piece. */
import { coldStart } from './pieces/cold-start.ts';
import { credential } from './pieces/credential.ts';
import { growth } from './pieces/growth.ts';
import { login } from './pieces/login.ts';
import { memory } from './pieces/memory.ts';
import { start } from './pieces/start.ts';
import { moveAside } from './support/cores.ts';
import type { Piece, Row } from './support/row.ts';

const PIECES: Readonly<Record<string, Piece>> = {
  login,
  credential,
  'cold-start': coldStart,
  growth,
  memory,
  start,
};
const MOST_MS = 6 * 60_000;

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !Object.hasOwn(PIECES, name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}; there are ${Object.keys(PIECES).join(', ')}.`);
  process.exit(2);
}
moveAside();
setTimeout(() => {
  console.error('The bench takes too long.');
  process.exit(1);
}, MOST_MS).unref();
const rows: Row[] = [];
for (const [name, piece] of Object.entries(PIECES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const begun = performance.now();
  rows.push(...(await piece()));
  console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
console.table(rows);
