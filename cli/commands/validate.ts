import { resolve } from 'node:path';
import type { Command } from 'commander';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { validate } from '../validate.ts';

export function addValidateCommand(program: Command, context: CliContext): void {
  const command = program
    .command('validate')
    .description('check a project without any server: all problems at once, each with file, line and cure')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .action(async (dir: string) => {
      const out = { write: (text: string) => context.print(text.trimEnd()) };
      if ((await validate(resolve(dir), out, { json: context.wantsJson })) !== 0) context.exitWith(2);
    });
  withExamples(command, ['reefline validate', 'reefline validate my-project --json']);
}
