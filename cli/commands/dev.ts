import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SETTINGS_FILE } from '../../config/read-settings.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { requireEmbeddedCloud } from '../dev/embedded-cloud.ts';
import { InvalidInput } from '../invalid-input.ts';

export function addDevCommand(program: Command, context: CliContext): void {
  const command = program
    .command('dev')
    .description('run a project on this machine with servers of its own, and apply every change of its files')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .action(async (given: string) => {
      const dir = resolve(given);
      if (!existsSync(join(dir, SETTINGS_FILE)))
        throw new InvalidInput(
          `${dir} has no ${SETTINGS_FILE}. Name the folder of a project, or write one with "reefline init ${given}".`,
        );
      requireEmbeddedCloud();
      // Loaded when it is needed: no other command uses the clients of S3 and SQS.
      const { runDevSession } = await import('../dev/dev-session.ts');
      await runDevSession(context, dir, context.interruption());
    });
  withExamples(command, ['reefline init my-project && reefline dev my-project']);
}
