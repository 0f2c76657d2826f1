import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';

/**
 * Holds the tables of a page of docs/ that stand after `<!-- name -->` and end with `<!-- end -->` to the rows, or writes
 * them when REEFLINE_WRITE_DOCS is 1.
 */
export function expectTables(
  page: string,
  tables: Readonly<
    Record<string, { readonly titles: readonly string[]; readonly rows: readonly (readonly string[])[] }>
  >,
): void {
  const blocks = Object.entries(tables).map(([name, { titles, rows }]) => [name, markdown(titles, rows)]);
  expectBlocks(page, Object.fromEntries(blocks) as Record<string, string>);
}

/** The same for any Markdown, such as a block of code. */
export function expectBlocks(page: string, blocks: Readonly<Record<string, string>>): void {
  const path = new URL(`../../docs/${page}`, import.meta.url);
  const before = readFileSync(path, 'utf8');
  let after = before;
  for (const [name, block] of Object.entries(blocks)) after = withBlock(after, name, block);
  if (process.env['REEFLINE_WRITE_DOCS'] === '1') writeFileSync(path, after);
  else expect(unformatted(after)).toBe(unformatted(before));
}

function markdown(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [titles, titles.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |`)
    .join('\n');
}

/** The page with this block in it, after the comment of this name. */
function withBlock(page: string, name: string, block: string): string {
  const mark = `<!-- ${name} -->`;
  expect(page).toContain(mark);
  const [before = '', after = ''] = page.split(mark);
  return `${before}${mark}\n\n${block}\n\n${after.slice(after.indexOf('<!-- end -->'))}`;
}

/** Tables and JSON are laid out anew when the page is formatted. */
function unformatted(page: string): string {
  return page
    .replaceAll(/ +\|/g, ' |')
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/```json\n[^]*?```/g, (block) =>
      block.replaceAll(/\s+/g, ' ').replaceAll(/(?<=[[{]) | (?=[\]}])/g, ''),
    );
}
