import type { Command } from 'commander';
import { versionArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import { versionText } from '../config-text.ts';
import type { CliContext } from '../context.ts';
import { knownVersion } from '../known-version.ts';

export function addConfigShowCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'config')
    .command('show')
    .description('a config version as it is understood; with --json the project itself')
    .argument('[version]', 'number of the version; the one in force when absent', versionArgument)
    .action(async (version: number | undefined) => {
      const found = await knownVersion(await context.openCatalog(), version);
      context.show(found.project, () => versionText(found));
    });
  withExamples(command, ['reefline config show', 'reefline config show 7 --json']);
}
