/** The blocks of a guide that its readers type or copy. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT } from './directories.ts';

export interface Block {
  /** Who types it, as the comment above the block says: `administrator`, or `partner, refused`. */
  readonly by: string;
  readonly script: string;
}

const BLOCK = /^(?:<!-- ([a-z, ]+) -->\n)?```(\w+)\n(.*?)^```$/gms;

/** The scripts of a guide in their order: `sh` blocks, and what a platform's file runs. */
export async function blocksOf(guide: string): Promise<Block[]> {
  const text = await readFile(join(PROJECT, 'docs', guide), 'utf8');
  return [...text.matchAll(BLOCK)].flatMap(([, by = '', language, body = '']) => {
    if (language === 'sh') return [{ by, script: body }];
    return [...scriptsIn(body)].map(script => ({ by: language ?? '', script }));
  });
}

/** The only block of a guide below this comment, in any language. */
export async function markedBlock(guide: string, mark: string): Promise<string> {
  const text = await readFile(join(PROJECT, 'docs', guide), 'utf8');
  const [, body] = new RegExp(`^<!-- ${mark} -->\\n\`\`\`\\w*\\n(.*?)^\`\`\`$`, 'ms').exec(text) ?? [];
  if (body === undefined) throw new Error(`docs/${guide} has no block for ${mark}.`);
  return body;
}

/** What is indented below `run: |` or `- |` in YAML, and between `sh '''` and `'''` in a Jenkinsfile. */
function* scriptsIn(body: string): Generator<string> {
  for (const [, indentation = '', script = ''] of body.matchAll(/^( *)(?:run: |- )\|\n((?:\1 +\S.*\n)+)/gm)) {
    yield script.replaceAll(new RegExp(`^${indentation} +`, 'gm'), '');
  }
  for (const [, script = ''] of body.matchAll(/sh '''\n(.*?)^ *'''/gms)) yield script;
}
