/** One of our functions as Lambda runs it, request by request: prints how long it took to load, to answer first, and to answer then. */
import { pathToFileURL } from 'node:url';

const [bundle = '', event = '', count = ''] = process.argv.slice(2);
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 10_000 };

/** Milliseconds. */
async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

let handler: (event: unknown, context: unknown) => Promise<{ statusCode: number }> = async () => ({
  statusCode: 0,
});
const load = await timed(async () => {
  ({ handler } = await import(pathToFileURL(bundle).href));
});
const statuses = new Set<number>();
const answer = () => timed(async () => statuses.add((await handler(JSON.parse(event), context)).statusCode));
const first = await answer();
const answers: number[] = [];
for (let i = 0; i < Number(count); i++) answers.push(await answer());
const report = { load, first, answers, statuses: [...statuses], mb: process.resourceUsage().maxRSS / 1024 };
process.stderr.write(`${JSON.stringify(report)}\n`);
process.exit();
