/**
 * `npm run bench`: the table of the performance goals, each row as it comes, goal and figure side by side.
 * `npm run bench -- login P7` runs some pieces. Each runs in a process of its own with its own time limit.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chosen, PIECES, unknown } from './pieces.ts';
import { missing, type Row } from './support/row.ts';

/** After its time a piece may still end what it has started. */
const GRACE_MS = 3_000;
const WIDTHS = { goal: 4, what: 84, target: 12, value: 14 } as const;

const asked = process.argv.slice(2);
const wrong = unknown(asked);
if (wrong.length > 0) {
  console.error(`There is no ${wrong.join(', ')}; there are P1 to P11, ${Object.keys(PIECES).join(', ')}.`);
  process.exit(2);
}
const begun = performance.now();
print({ goal: '', what: 'what', target: 'goal', value: 'figure', met: 'met' });
for (const name of chosen(asked)) await run(name);
console.log(`${secondsSince(begun)} s in all`);

async function run(name: string): Promise<void> {
  const { limitSeconds = 0, goals = [] } = PIECES[name] ?? {};
  const from = performance.now();
  // Its own directory, so that a piece that is ended leaves nothing behind.
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-bench-'));
  const piece = fork(join(import.meta.dirname, 'piece.ts'), [name], {
    env: { ...process.env, TMPDIR: directory },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  piece.on('message', message => print(message as Row));
  let said = '';
  piece.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const why = await ended(piece, limitSeconds * 1000);
  await rm(directory, { recursive: true, force: true });
  if (why !== undefined) print(missing(goals.join(' '), name, `${why}. ${said.trim()}`));
  console.log(`-- ${name}: ${secondsSince(from)} s`);
}

/** Why the piece has not ended by itself; undefined: it has. */
async function ended(piece: ChildProcess, limitMs: number): Promise<string | undefined> {
  let isLate = false;
  const stop = setTimeout(() => {
    isLate = true;
    piece.kill();
  }, limitMs);
  const end = setTimeout(() => piece.kill('SIGKILL'), limitMs + GRACE_MS);
  const [code] = await once(piece, 'close');
  clearTimeout(stop);
  clearTimeout(end);
  if (isLate) return `it took longer than ${limitMs / 1000} s`;
  return code === 0 ? undefined : 'it failed';
}

function print({ goal, what, target, value, met }: Row): void {
  const cells = [goal.padEnd(WIDTHS.goal), what.padEnd(WIDTHS.what), target.padStart(WIDTHS.target)];
  console.log([...cells, value.padStart(WIDTHS.value), met].join('  ').trimEnd());
}

function secondsSince(fromMs: number): string {
  return ((performance.now() - fromMs) / 1000).toFixed(0);
}
