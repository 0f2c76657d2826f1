import type { Command } from 'commander';
import { diffProjects, isEmptyDiff } from '../../pipeline/config-diff.ts';
import { versionArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { diffText } from '../diff-text.ts';
import { knownVersion } from '../known-version.ts';

export function addConfigDiffCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'config')
    .command('diff')
    .description('show how one config version differs from another')
    .argument('<a>', 'number of the older version', versionArgument)
    .argument('[b]', 'number of the newer version; the one in force when absent', versionArgument)
    .action(async (a: number, b: number | undefined) => {
      const db = await context.openCatalog();
      const before = await knownVersion(db, a);
      const after = await knownVersion(db, b);
      const diff = diffProjects(before.project, after.project);
      const versions = `config version ${String(before.version)} and ${String(after.version)}`;
      context.show(diff, () =>
        isEmptyDiff(diff) ? `No changes between ${versions}.` : diffText(diff, context.paint),
      );
    });
  withExamples(command, ['reefline config diff 7', 'reefline config diff 7 8 --json']);
}
