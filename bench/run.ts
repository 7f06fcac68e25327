/** `npm run bench`: the figures of the performance goals, as ratios of one run. `npm run bench -- login` runs one piece. */
import { cleanup } from './pieces/cleanup.ts';
import { coldStart } from './pieces/cold-start.ts';
import { credential } from './pieces/credential.ts';
import { firstLogin } from './pieces/first-login.ts';
import { flood } from './pieces/flood.ts';
import { functions } from './pieces/functions.ts';
import { growth } from './pieces/growth.ts';
import { login } from './pieces/login.ts';
import { memory } from './pieces/memory.ts';
import { registry } from './pieces/registry.ts';
import { sizes } from './pieces/sizes.ts';
import { start } from './pieces/start.ts';
import { table } from './pieces/table.ts';
import { worst } from './pieces/worst.ts';
import { moveAside } from './support/cores.ts';
import type { Piece, Row } from './support/row.ts';

const PIECES: Readonly<Record<string, Piece>> = {
  login,
  credential,
  'cold-start': coldStart,
  growth,
  memory,
  start,
  table,
};
/** These take long, or need root or a registry, and run only when they are asked for. */
const LONG_PIECES: Readonly<Record<string, Piece>> = {
  cleanup,
  'first-login': firstLogin,
  flood,
  functions,
  registry,
  sizes,
  worst,
};
const ALL = { ...PIECES, ...LONG_PIECES };

const asked = process.argv.slice(2);
const unknown = asked.filter(name => !Object.hasOwn(ALL, name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}; there are ${Object.keys(ALL).join(', ')}.`);
  process.exit(2);
}
moveAside();
const mostMinutes = asked.some(name => Object.hasOwn(LONG_PIECES, name)) ? 30 : 6;
setTimeout(() => {
  console.error('The bench takes too long.');
  process.exit(1);
}, mostMinutes * 60_000).unref();
const rows: Row[] = [];
for (const [name, piece] of Object.entries(asked.length > 0 ? ALL : PIECES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const begun = performance.now();
  rows.push(...(await piece()));
  console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
console.table(rows);
