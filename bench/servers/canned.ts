/**
 * In DynamoDB's place: the same answer to every request of an operation, as fast as it can be given. Tells, when it is asked, how many
 * there were of each since it was asked last.
 */
import { serve } from './serve.ts';

const [canned = '{}'] = process.argv.slice(2);
const answers = new Map(
  Object.entries(JSON.parse(canned) as Record<string, object>).map(([operation, body]) => [
    `DynamoDB_20120810.${operation}`,
    Buffer.from(JSON.stringify(body)),
  ]),
);
const [first = Buffer.from('{}')] = answers.values();

let counts = new Map<string, number>();

serve((request, response) => {
  request.resume();
  const target = String(request.headers['x-amz-target']);
  counts.set(target, (counts.get(target) ?? 0) + 1);
  const body = answers.get(target) ?? first;
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.length };
  response.writeHead(200, headers).end(body);
});

process.on('message', () => {
  const byOperation = [...counts].map(([target, count]) => [target.replace(/^DynamoDB_\d+\./, ''), count]);
  process.send?.(Object.fromEntries(byOperation));
  counts = new Map();
});
