import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { INIT_FILES } from '../init-files.ts';
import { InvalidInput } from '../invalid-input.ts';

export function addInitCommand(program: Command, context: CliContext): void {
  const command = program
    .command('init')
    .description('write a small project that works: fetch, load, transform, publish')
    .argument('[dir]', 'folder for it', '.')
    .action(async (given: string) => {
      const dir = resolve(given);
      const files = Object.keys(INIT_FILES);
      await refuseExisting(dir, files);
      for (const [path, text] of Object.entries(INIT_FILES)) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        // A file that somebody else wrote meanwhile is not overwritten either.
        await writeFile(join(dir, path), text, { flag: 'wx' });
      }
      context.show({ dir, files }, () => writtenText(dir, files));
    });
  withExamples(command, ['reefline init my-project']);
}

async function refuseExisting(dir: string, files: readonly string[]): Promise<void> {
  const found = await Promise.all(
    files.map((path) =>
      access(join(dir, path)).then(
        () => [path],
        () => [],
      ),
    ),
  );
  const existing = found.flat();
  if (existing.length > 0)
    throw new InvalidInput(
      `Nothing was written: ${dir} already has ${existing.join(', ')}. Name an empty folder, or remove them.`,
      { existing },
    );
}

function writtenText(dir: string, files: readonly string[]): string {
  const shown = relative(process.cwd(), dir);
  const here = shown === '' ? '' : ` ${shown.startsWith('..') ? dir : shown}`;
  return [
    ...files.map((path) => `  ${path}`),
    `Next:`,
    `  reefline validate${here}`,
    `  reefline dev${here}`,
  ].join('\n');
}
