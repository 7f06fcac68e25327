/** One piece of the bench in its own process: sends each row to the process that started it. */
import { PIECES } from './pieces.ts';
import { moveAside } from './support/cores.ts';
import type { Row } from './support/row.ts';

const [name = ''] = process.argv.slice(2);
// What a piece has started ends when its process exits, which a signal alone would not make it do.
process.once('SIGTERM', () => process.exit(1));
process.once('disconnect', () => process.exit(1));
moveAside();
const piece = await PIECES[name]?.load();
if (piece === undefined) throw new Error(`There is no ${name}.`);
for await (const row of await piece()) await report(row);
process.exit();

function report(row: Row): Promise<unknown> {
  return new Promise(resolve => process.send?.(row, resolve));
}
