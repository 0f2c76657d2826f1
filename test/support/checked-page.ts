import { expect } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The examples of a page that follow the mark `<!-- checked -->`; REEFLINE_WRITE_DOCS=1 writes what the commands print
 * into the page. `<!-- checked: first 3, last 2 -->` shows only so many lines, with `…` for the others.
 * `<!-- scene: a name -->` asks the suite to bring something about before the commands that follow.
 */
const STEP = /<!-- scene: ([^>]+) -->|<!-- checked(?:: ([^>]+))? -->\n\n```console\n\$ ([^\n]+)\n([^]*?)```/g;

export interface CheckedPage {
  readonly page: URL;
  /** What a command line prints. */
  readonly print: (command: string) => Promise<string>;
  readonly scene?: (name: string) => Promise<void>;
  /** What of an output must not change; all of it when absent. */
  readonly alike?: (output: string) => string;
}

/** Runs the page from top to bottom; returns how many examples it has. */
export async function checkPage({
  page,
  print,
  scene,
  alike = (text) => text,
}: CheckedPage): Promise<number> {
  const text = readFileSync(page, 'utf8');
  const steps = [...text.matchAll(STEP)];
  const printed: [documented: string, actual: string][] = [];
  for (const [block, name, excerpt, command = '', documented = ''] of steps) {
    if (name !== undefined) {
      if (scene === undefined) throw new Error(`Nobody plays the scene "${name}".`);
      await scene(name);
      continue;
    }
    const output = shown(await print(command), excerpt);
    const actual =
      alike(output) === alike(documented)
        ? block
        : block.replace(`\$ ${command}\n${documented}\`\`\``, () => `$ ${command}\n${output}\`\`\``);
    printed.push([block, actual]);
  }
  const actual = printed.reduce((whole, [block, now]) => whole.replace(block, () => now), text);
  if (process.env['REEFLINE_WRITE_DOCS'] === '1') writeFileSync(page, actual);
  else expect(actual).toBe(text);
  return printed.length;
}

function shown(output: string, excerpt: string | undefined): string {
  if (excerpt === undefined) return output;
  const wanted = (end: string): number => Number(new RegExp(`${end} (\\d+)`).exec(excerpt)?.[1] ?? 0);
  const lines = output.trimEnd().split('\n');
  const [first, last] = [wanted('first'), wanted('last')];
  if (lines.length <= first + last) return output;
  const parts = [lines.slice(0, first), last === 0 ? [] : lines.slice(-last)];
  return `${[...(parts[0] ?? []), '…', ...(parts[1] ?? [])].join('\n')}\n`;
}
