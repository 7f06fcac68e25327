/**
 * In DynamoDB's place: the same answer to every request of an operation, as fast as it can be given; `GetItem rules` is the answer to
 * a GetItem whose body has that word as a text. Tells, when it is asked, how many there were of each operation since it was asked last.
 */
import { text } from 'node:stream/consumers';
import { serve } from './serve.ts';

const [canned = '{}'] = process.argv.slice(2);
const bodies = Object.entries(JSON.parse(canned) as Record<string, object>).map(
  ([name, body]) => [name, Buffer.from(JSON.stringify(body))] as const,
);
const answers = new Map(bodies);
const [[, first] = ['', Buffer.from('{}')]] = bodies;
const special = bodies.flatMap(([name, body]) => {
  const [operation = '', word] = name.split(' ');
  return word === undefined ? [] : [{ operation, text: `"${word}"`, body }];
});

let counts = new Map<string, number>();

serve(async (request, response) => {
  const operation = String(request.headers['x-amz-target']).replace(/^DynamoDB_\d+\./, '');
  counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const cases = special.filter(one => one.operation === operation);
  if (cases.length === 0) request.resume();
  const asked = cases.length === 0 ? '' : await text(request);
  const body = cases.find(one => asked.includes(one.text))?.body ?? answers.get(operation) ?? first;
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.length };
  response.writeHead(200, headers).end(body);
});

process.on('message', () => {
  process.send?.(Object.fromEntries(counts));
  counts = new Map();
});
