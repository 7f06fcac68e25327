/** In DynamoDB's place: the same answer to every request of an operation, as fast as it can be given. */
import { serve } from './serve.ts';

const [canned = '{}'] = process.argv.slice(2);
const answers = new Map(
  Object.entries(JSON.parse(canned) as Record<string, object>).map(([operation, body]) => [
    `DynamoDB_20120810.${operation}`,
    Buffer.from(JSON.stringify(body)),
  ]),
);
const [first = Buffer.from('{}')] = answers.values();

serve((request, response) => {
  request.resume();
  const body = answers.get(String(request.headers['x-amz-target'])) ?? first;
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.length };
  response.writeHead(200, headers).end(body);
});
