import type { Command } from 'commander';
import { readVersionInForce } from '../../catalog/config-history.ts';
import { diffProjects, EMPTY_PROJECT, isEmptyDiff } from '../../pipeline/config-diff.ts';
import { checkedProject } from '../checked-project.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { diffText } from '../diff-text.ts';

export function addDiffCommand(program: Command, context: CliContext): void {
  const command = program
    .command('diff')
    .description('show how a project differs from the config version in force')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .option('--exit-code', 'end with 1 when they differ')
    .action(async (dir: string, options: { exitCode?: boolean }) => {
      const project = await checkedProject(dir, context, 'Nothing was compared');
      const inForce = await readVersionInForce(await context.openCatalog());
      const diff = diffProjects(inForce?.project ?? EMPTY_PROJECT, project);
      const same = isEmptyDiff(diff);
      context.show(diff, () => (same ? 'No changes.' : diffText(diff, context.paint)));
      if (!same && options.exitCode === true) context.exitWith(1);
    });
  withExamples(command, ['reefline diff', 'reefline diff my-project --exit-code']);
}
