/** The page that the OpenAPI document is rendered to. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderPage } from '../../infra/openapi/page.ts';
import { ALL_ROUTES } from '../../lib/api/routes.ts';

it('the page holds every operation, and a browser loads nothing from the network', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-page-'));
  const file = join(directory, 'api.html');
  await renderPage(file);
  const page = await readFile(file, 'utf8');
  await rm(directory, { recursive: true });

  for (const { path } of ALL_ROUTES) expect(page).toContain(path);
  const [head = '', policy = ''] =
    /^<!DOCTYPE html>\s*<html[^>]*>\s*<head>\s*<meta http-equiv="Content-Security-Policy" content="([^"]*)">/i.exec(
      page,
    ) ?? [];
  expect(head).not.toBe('');
  const sources = policy.split('; ').map(directive => directive.split(' '));
  expect(sources[0]).toEqual(['default-src', "'none'"]);
  expect(sources.flatMap(([, ...allowed]) => allowed).filter(source => /[*.]|https?:/.test(source))).toEqual(
    [],
  );
  const elements = page.replaceAll(/<script[^>]*>.*?<\/script>/gs, '<script>');
  expect(
    elements.match(
      /<(?:script|link|img|iframe|object|embed|source)\b[^>]*\b(?:src|href|data)=["']?(?:https?:)?\/\//gi,
    ),
  ).toBeNull();
  expect(elements.match(/@import|url\(["']?(?:https?:)?\/\//gi)).toBeNull();
});
