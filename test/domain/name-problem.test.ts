/** What a person reads who writes an image, an address or a directory where a pattern or a namespace belongs. */
import { describe, expect, it } from 'vitest';
import { namespaceProblem, patternProblem } from '../../lib/domain/name-problem.ts';
import { isNamespace, isPattern } from '../../lib/domain/repository.ts';

describe('patternProblem', () => {
  it.each([
    ['team-a/app:v1', 'holds a tag', 'team-a/app'],
    ['app:v1', 'holds a tag', 'app/*'],
    ['team-a/app:', 'holds a tag', 'team-a/app'],
    ['team-a/app@sha256:0123', 'holds a digest', 'team-a/app'],
    ['team-a/app:v1@sha256:0123', 'holds a digest', 'team-a/app'],
    ['registry.example:5000/team-a/app', 'begins with the address of a registry', 'team-a/app'],
    ['localhost:5000/team-a/app:v1', 'begins with the address of a registry', 'team-a/app'],
    ['registry.example:5000/team-a', 'begins with the address of a registry', 'team-a/*'],
    ['[::1]:5000/team-a/*', 'begins with the address of a registry', 'team-a/*'],
    ['https://registry.example/v2/team-a/app', 'is a URL', 'team-a/app'],
    ['docker://registry.example:5000/team-a/app:v1', 'is a URL', 'team-a/app'],
    ['team-a', 'is a namespace, not a repository', 'team-a/*'],
    ['team-a/', 'ends with a slash', 'team-a/*'],
    ['team-a/app/', 'ends with a slash', 'team-a/app/*'],
    ['/team-a/app', 'begins with a slash', 'team-a/app'],
    ['team-a//app', 'has two slashes in a row', 'team-a/app'],
    ['Team-A/app', 'has capital letters', 'team-a/app'],
    ['team-a/App', 'has capital letters', 'team-a/app'],
    ['Team-A', 'has capital letters', 'team-a/*'],
    ['team-a/*/x', 'has a * elsewhere', 'team-a/*'],
    ['team-a/**', 'has a * elsewhere', 'team-a/*'],
    ['team-a/app*', 'has a * elsewhere', 'team-a/*'],
  ])('says of %s that it %s, and offers %s', (text, says, meant) => {
    const problem = patternProblem(text);
    expect(problem).toMatch(`'${text}' ${says}`);
    expect(problem).toMatch(new RegExp(`; use '${meant.replaceAll(/[*./]/g, '\\$&')}'$`));
    expect(isPattern(meant)).toBe(true);
  });

  it.each([
    ['*', 'is no pattern; to mean every repository, leave the repositories out (null)'],
    ['*/app', 'has a * elsewhere'],
    ['registry.example:5000', 'is the address of a registry'],
    ['https://registry.example', 'is a URL'],
    ['a/app', 'has a namespace (the first segment) outside 2 to 128 characters'],
    [`${'a'.repeat(129)}/app`, 'has a namespace (the first segment) outside 2 to 128 characters'],
    ['team-a/.app', 'has a segment that does not begin and end with a letter or digit'],
    ['team-a/../app', 'has a segment that does not begin and end with a letter or digit'],
    ['team-a/a___b', 'or other separators within'],
    ['team-a%2Fapp', 'has capital letters'],
    ['team-a%2fapp', 'holds a percent escape'],
    ['team-a/app,team-b/app', 'holds characters other than'],
  ])('says of %s that it %s, with an example', (text, says) => {
    const problem = patternProblem(text);
    expect(problem).toContain(says);
    expect(problem).toContain(`'${text}'`);
    expect(problem).toMatch(/name it like team-a\/app, or team-a\/\* for everything below$/);
  });

  it.each([
    ['', 'must not be empty'],
    ['team-a/app ', 'holds blanks'],
    ['team-ä/app', 'holds blanks or characters that are not ASCII'],
    [`team-a/${'a'.repeat(249)}`, 'has more than 255 characters'],
  ])('says of %j that it %s, without repeating it', (text, says) => {
    expect(patternProblem(text)).toContain(says);
    expect(patternProblem(text)).not.toContain("'team-a/app '");
  });

  it.each([
    'plp_0123456789',
    'plc_k1.0123456789',
    'eyJhbGciOiJFUzI1NiJ9.e30.c2ln',
    'an-api-key-0123456789-0123456789',
    'https://sts.example/?X-Amz-Signature=abc',
    'https://user:password@registry.example/team-a/app',
  ])('does not repeat %s, which may be a secret', text => {
    expect(patternProblem(text)).not.toContain(text);
  });

  it('has nothing to say of a pattern', () => {
    for (const text of ['team-a/app', 'team-a/*']) expect(patternProblem(text)).toBeUndefined();
  });
});

describe('namespaceProblem', () => {
  it.each([
    ['Team-A', 'has capital letters'],
    ['team-a/app', 'is more than the first segment of a repository name'],
    ['team-a%2Fapp', 'is more than the first segment of a repository name'],
    ['team-a/*', 'is more than the first segment'],
    ['a', 'is not 2 to 128 characters long'],
    ['a'.repeat(129), 'is not 2 to 128 characters long'],
    ['team-a:v1', 'holds a tag'],
    ['registry.example:5000', 'is the address of a registry'],
    ['*', 'is not 2 to 128 characters long'],
    ['..', 'has a segment that does not begin and end with a letter or digit'],
    ['team-%C3%A4', 'has capital letters'],
    ['', 'must not be empty'],
  ])('says of %s that it %s', (text, says) => {
    expect(isNamespace(text)).toBe(false);
    expect(namespaceProblem(text)).toContain(says);
    expect(namespaceProblem(text)).toMatch(/name it like team-a, with 2 to 128 of a-z and 0-9/);
  });

  it('has nothing to say of a namespace', () => expect(namespaceProblem('team-a')).toBeUndefined());
});
