import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readProject } from '../../config/project.ts';
import { applyProject } from '../apply.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { describeApplied } from '../describe.ts';
import { InvalidInput } from '../invalid-input.ts';
import { validate } from '../validate.ts';

export function addApplyCommand(program: Command, context: CliContext): void {
  const command = program
    .command('apply')
    .description('put a project in force: config version, schedules, search attributes')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .action(async (dir: string) => {
      const reading = await readProject(resolve(dir));
      if ('problems' in reading) {
        await validate(resolve(dir), { write: (text: string) => context.say(text.trimEnd()) });
        throw new InvalidInput(
          `Nothing was applied: the project has problems. Correct them; "reefline validate ${dir}" lists them.`,
          { problems: reading.problems },
        );
      }
      const db = await context.openCatalog(2);
      const client = await context.connectClient();
      const applied = await applyProject(db, client, reading.project, context.actor);
      context.show(applied, () => describeApplied(applied, reading.project));
    });
  withExamples(command, ['reefline apply', 'reefline apply my-project --json']);
}
