import { expect } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The console sessions of a page that follow the mark `<!-- checked -->`; REEFLINE_WRITE_DOCS=1 writes what the commands
 * print into the page. `<!-- checked: first 3, last 2; 4 from Deliveries -->` shows of the first command's output the first
 * and last lines, of the second one's four lines, with `…` for the others. `<!-- scene: a name -->` asks the suite to bring
 * something about before the commands that follow.
 */
const STEP = /<!-- scene: ([^>]+) -->|<!-- checked(?:: ([^>]+))? -->\n\n```console\n\$ ([^]*?)```/g;

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
  let actual = '';
  let position = 0;
  let examples = 0;
  for (const step of text.matchAll(STEP)) {
    const [block, name, excerpts = '', session = ''] = step;
    actual += text.slice(position, step.index);
    position = step.index + block.length;
    if (name !== undefined) {
      if (scene === undefined) throw new Error(`Nobody plays the scene "${name}".`);
      await scene(name);
      actual += block;
      continue;
    }
    const printed: string[] = [];
    for (const [at, example] of session.split('\n$ ').entries()) {
      const [command = '', ...documented] = example.trimEnd().split('\n');
      const output = shown(await print(command), excerpts.split(';')[at] ?? '').trimEnd();
      const same = alike(output) === alike(documented.join('\n'));
      printed.push(`$ ${command}\n${same ? documented.join('\n') : output}`.trimEnd());
    }
    examples += printed.length;
    actual += block.replace(`$ ${session}`, () => `${printed.join('\n\n')}\n`);
  }
  actual += text.slice(position);
  if (process.env['REEFLINE_WRITE_DOCS'] === '1') writeFileSync(page, actual);
  else expect(actual).toBe(text);
  return examples;
}

/** The lines that an excerpt asks for; all when it asks for none. */
function shown(output: string, excerpt: string): string {
  const lines = output.trimEnd().split('\n');
  if (excerpt.trim() === '') return output;
  const wanted = new Set<number>();
  for (const part of excerpt.split(',')) {
    const [, end, few, count, word = ''] = /(first|last) (\d+)|(\d+) from (.+)/.exec(part) ?? [];
    const length = Number(few ?? count);
    const start = end === 'first' ? 0 : end === 'last' ? lines.length - length : indexOf(lines, word.trim());
    for (let at = Math.max(0, start); at < start + length && at < lines.length; at += 1) wanted.add(at);
  }
  return lines
    .flatMap((line, at) => (wanted.has(at) ? [line] : at === 0 || wanted.has(at - 1) ? ['…'] : []))
    .join('\n');
}

function indexOf(lines: readonly string[], word: string): number {
  const found = lines.findIndex((line) => line.includes(word));
  if (found === -1) throw new Error(`No line has "${word}":\n${lines.join('\n')}`);
  return found;
}
