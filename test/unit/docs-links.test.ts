import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = [
  'README.md',
  ...readdirSync(`${ROOT}docs`)
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

interface Link {
  readonly page: string;
  readonly text: string;
  /** From the root of the project. */
  readonly target: string;
}

function linksOf(page: string): readonly Link[] {
  const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/') + 1) : '';
  return [...readFileSync(`${ROOT}${page}`, 'utf8').matchAll(/\[([^\]]+)\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, text = '', href = '']) => ({ page, text, href }))
    .filter(({ href }) => !/^[a-z]+:/.test(href))
    .map(({ text, href }) => ({ page, text, target: new URL(href, `file:///${folder}`).pathname.slice(1) }));
}

const LINKS = PAGES.flatMap(linksOf);

describe('the pages', () => {
  test('link to files that are there', () => {
    expect(LINKS.filter(({ target }) => !existsSync(`${ROOT}${target}`))).toEqual([]);
  });

  test('start workers with the Node.js of the project: the one that runs npx may be too old', () => {
    const starts = ['cli/doctor-checks.ts', ...PAGES].flatMap((file) =>
      readFileSync(`${ROOT}${file}`, 'utf8')
        .split('\n')
        .filter((line) => /\bnode workers\/main\.ts/.test(line)),
    );
    expect(starts.length).toBeGreaterThanOrEqual(5);
    expect(starts.filter((line) => !line.includes('npx node workers/main.ts'))).toEqual([]);
  });

  test('name tests by the titles that they have', () => {
    const named = LINKS.filter(
      ({ text, target }) => target.endsWith('.test.ts') && !/\.test\.ts`?$/.test(text),
    );
    expect(named.length).toBeGreaterThan(40);
    const lost = named.filter(({ text, target }) => {
      const source = readFileSync(`${ROOT}${target}`, 'utf8');
      return !source.includes(`'${text}'`) && !source.includes(`\`${text}\``);
    });
    expect(lost).toEqual([]);
  });
});
