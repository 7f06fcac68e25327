/** docs/logs.md, as tests read it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCUMENT = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'logs.md'), 'utf8');

/** The words in backquotes of each cell, for the rows below a table's head. */
export function rowsBelow(head: string): string[][][] {
  const [, rest = ''] = DOCUMENT.split(`\n${head}`);
  const [table = ''] = rest.split('\n\n');
  return table
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '')),
    );
}

/** The fields of each event. */
export const EVENTS = new Map(
  rowsBelow('| event |').map(([[event = ''] = [], , fields = []]) => [event, new Set(fields)]),
);

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The blocks below each question. */
export const QUESTIONS = new Map(
  (DOCUMENT.split('\n## Questions\n')[1]?.split('\n## ')[0] ?? '')
    .split('\n### ')
    .slice(1)
    .map(section => {
      const [heading = ''] = section.split('\n', 1);
      const found = [...section.matchAll(/^```(\w*)\n(.*?)^```/gms)];
      return [heading, found.map(([, language = '', text = '']): Block => ({ language, text }))];
    }),
);
