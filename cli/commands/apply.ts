import type { Command } from 'commander';
import type { StoreOptions } from '../../catalog/config-store.ts';
import { checksumOf } from '../../catalog/config-store.ts';
import type { WaitingPolicy } from '../../pipeline/join-effect.ts';
import type { Project } from '../../pipeline/project.ts';
import { versionArgument } from '../arguments.ts';
import { checkedProject } from '../checked-project.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { optionalWaiting } from '../waiting-option.ts';
import { InvalidInput } from '../invalid-input.ts';
import { readPlan, type StoredPlan } from '../plan-file.ts';
import { putInForce } from '../put-in-force.ts';

interface ApplyOptions {
  readonly plan?: string;
  readonly expectVersion?: number;
  readonly waiting?: WaitingPolicy;
  readonly note?: string;
  readonly yes?: boolean;
}

export function addApplyCommand(program: Command, context: CliContext): void {
  const command = program
    .command('apply')
    .description('put a project in force: config version, schedules, search attributes')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .option('--plan <plan.json>', 'refuse anything but what this plan of "reefline plan --out" says')
    .option(
      '--expect-version <n>',
      'refuse when another config version is in force; 0 is none',
      versionArgument,
    )
    .addOption(optionalWaiting())
    .option('--note <text>', 'why, for "reefline config history"')
    .option('-y, --yes', 'do not ask, whatever ends for good')
    .action(async (dir: string, options: ApplyOptions) => {
      const plan = options.plan === undefined ? undefined : await readPlan(options.plan);
      const project = await checkedProject(dir, context, 'Nothing was applied');
      if (plan !== undefined) requirePlanned(plan, project, dir, options);
      const { note } = options;
      const store: StoreOptions = {
        expected: expectedBase(plan, options.expectVersion),
        waiting: options.waiting ?? plan?.waiting,
        note,
      };
      await putInForce(context, { project, options: store, plan: 'when asked', yes: options.yes === true });
    });
  withExamples(command, [
    'reefline apply',
    'reefline apply my-project --plan plan.json --note "count revenue per day"',
    'reefline apply my-project --expect-version 8 --waiting keep',
  ]);
}

/** A plan stands for what it was made of, and nothing else. */
function requirePlanned(plan: StoredPlan, project: Project, dir: string, options: ApplyOptions): void {
  if (plan.project !== checksumOf(project))
    throw new Error(
      `The project in ${dir} is not the one that was planned. Nothing was applied. Run "reefline plan" again and look at what it would change now.`,
    );
  if (options.waiting !== undefined && options.waiting !== plan.waiting)
    throw new Error(
      `It was planned with --waiting ${plan.waiting}. Nothing was applied. Run "reefline plan --waiting ${options.waiting}" and apply that plan.`,
    );
}

function expectedBase(plan: StoredPlan | undefined, version: number | undefined): StoreOptions['expected'] {
  if (plan === undefined) return version === undefined ? undefined : { version };
  if (version === undefined || version === plan.base.version) return plan.base;
  throw new InvalidInput(
    `The plan was made against version ${String(plan.base.version)}, and --expect-version says ${String(version)}. Leave one of them out.`,
  );
}
