import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { RESUME_POLICIES, type ResumePolicy } from '../../pipeline/resume.ts';
import { choiceArgument } from '../arguments.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { previewResume, resumeScope } from '../resume-scope.ts';
import { describeResume } from '../resume-text.ts';
import { stagesOfScope } from '../scope.ts';

export function addResumeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('resume')
    .description('end a pause, and say what happens to the labels that it held')
    .argument('<scope>', 'pipeline or pipeline.stage')
    .option(
      '--on-resume <policy>',
      'drain: run all held labels; latest: the newest of each stage; skip: none',
      choiceArgument(RESUME_POLICIES),
    )
    .option('--dry-run', 'show what would start and change nothing')
    .action(async (scope: string, options: { onResume?: ResumePolicy; dryRun?: boolean }) => {
      const db = await context.openCatalog(2);
      const configs = new ConfigStore();
      stagesOfScope(await configs.current(db), scope);
      const policy = options.onResume ?? 'drain';
      const preview = await previewResume(db, scope, policy);
      if (!preview.paused && preview.run.length + preview.skip.length === 0) {
        context.show({ scope, policy, ...preview }, () => describeResume(scope, policy, preview, false));
        context.exitWith(1);
        return;
      }
      if (options.dryRun === true) {
        context.show({ scope, policy, ...preview }, () => describeResume(scope, policy, preview, false));
        return;
      }
      const held = preview.run.length + preview.skip.length;
      if (options.onResume === undefined && held > 0)
        throw new InvalidInput(
          `${describeResume(scope, policy, preview, false)}\nSay what shall happen to them: --on-resume drain, latest or skip.`,
        );
      const client = await context.connectClient();
      const done = await resumeScope(db, configs, client, { scope, policy, actor: context.actor });
      context.show({ scope, policy, ...done }, () => describeResume(scope, policy, done, true));
    });
  withExamples(command, [
    'reefline resume orders.load_orders --dry-run',
    'reefline resume orders.load_orders --on-resume drain',
    'reefline resume orders --on-resume latest',
  ]);
}
