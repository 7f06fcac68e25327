/** The Go templates of `--format`: a small part of the language, exactly. */
import { describe, expect, it } from 'vitest';
import { type Fields, parseTemplate } from '../../cli/text.ts';

interface Item {
  readonly id: string;
  readonly text: string;
}

const FIELDS: Fields<Item> = {
  ID: { heading: 'TOKEN ID', width: 10, of: ({ id }) => id },
  Text: { heading: 'TEXT', width: 6, of: ({ text }) => text },
};
const ITEM = { id: '7', text: 'seven' };
const rendered = (template: string, item = ITEM) => parseTemplate(template, FIELDS).render(item);

describe('a template', () => {
  const TEXTS: Record<string, string> = {
    '': '',
    'no field': 'no field',
    '{{.ID}}': '7',
    '{{ .ID }}': '7',
    '{{\t.ID  }}': '7',
    '{{.ID}}{{.Text}}': '7seven',
    'id={{.ID}}, text={{.Text}}.': 'id=7, text=seven.',
    '{{.ID}}\\t{{.Text}}': '7\tseven',
    '{{.ID}}\\n{{.Text}}': '7\nseven',
    '{{.ID}} }}': '7 }}',
    'tables {{.ID}}': 'tables 7',
  };
  it.each(Object.entries(TEXTS))('%j gives %j', (template, text) => {
    expect(parseTemplate(template, FIELDS).heading).toBeUndefined();
    expect(rendered(template)).toBe(text);
  });

  const REFUSED = [
    '{{.id}}',
    '{{.Value}}',
    '{{ID}}',
    '{{.}}',
    '{{}}',
    '{{json .}}',
    '{{.ID | upper}}',
    '{{- .ID -}}',
    '{{range .}}{{.ID}}{{end}}',
    '{{.ID}',
    '{{.ID}} {{',
    '{{.constructor}}',
    '{{.toString}}',
    '{{. ID}}',
    '{{.ID.Text}}',
    '{{{{.ID}}}}',
  ];
  it.each(REFUSED)('%j is refused', template => {
    expect(() => parseTemplate(template, FIELDS)).toThrow(/^The format /);
  });

  it('of a table has a heading, and columns of one width', () => {
    const { heading, render } = parseTemplate('table {{.ID}}\\t{{.Text}}', FIELDS);
    expect([heading, render(ITEM), render({ id: '1234567890', text: 'x' })]).toEqual([
      'TOKEN ID     TEXT',
      '7            seven',
      '1234567890   x',
    ]);
  });
  it('of a table may have text in its cells', () => {
    const { heading, render } = parseTemplate('table <{{.ID}}>\\t{{.Text}}!', FIELDS);
    expect([heading, render(ITEM)]).toEqual(['<TOKEN ID>     TEXT!', '<7>            seven!']);
  });
  it('escapes control characters in fields', () => {
    const evil = { id: '7', text: 'a\u001b[2J\nb\u202e\u009b' };
    expect(rendered('{{.Text}}', evil)).toBe('a\\u001b[2J\\u000ab\\u202e\\u009b');
  });
});
