/** `npm run parameters` writes deployment/schema.json, by which editors check and complete the files of stages; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { PARAMETERS, type Parameter } from './parameters.ts';

const PATH = join(import.meta.dirname, '..', 'deployment', 'schema.json');

const text = JSON.stringify(schemaOfFile(), null, 2);
if (!process.argv.includes('--check')) writeFileSync(PATH, `${text}\n`);
else if (JSON.stringify(JSON.parse(readFileSync(PATH, 'utf8')), null, 2) !== text) {
  console.error('deployment/schema.json is out of date: run npm run parameters');
  process.exitCode = 1;
}

function schemaOfFile(): object {
  const rows = Object.entries<Parameter>(PARAMETERS).map(([name, { schema, absent, description }]) => {
    const { $schema, ...rules } = toJsonSchema(schema);
    return [name, { description, default: absent, ...rules }];
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'The parameters of a stage of Pullpass; docs/parameters.md explains them',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      region: { description: 'The region of the deployment', type: 'string' },
      ...Object.fromEntries(rows),
    },
  };
}
