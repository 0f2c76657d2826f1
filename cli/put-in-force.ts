import type { StoreOptions } from '../catalog/config-store.ts';
import type { Project } from '../pipeline/project.ts';
import { applyProject } from './apply.ts';
import { confirm } from './confirm.ts';
import type { CliContext } from './context.ts';
import { appliedText } from './applied-text.ts';
import { isDestructive, makePlan } from './plan.ts';
import { planText } from './plan-text.ts';

/** A project that a command shall put in force, and how. */
export interface ProjectToApply {
  readonly project: Project;
  readonly options: StoreOptions;
  /** `shown`: the plan is printed before. `when asked`: only to a person who has to agree to it. */
  readonly plan: 'shown' | 'when asked';
  /** True when nobody is to be asked. */
  readonly yes: boolean;
}

/**
 * Puts a project in force. A person at the terminal is asked first when something would end for good; a script never is.
 * What was shown is what is applied: when another version came into force meanwhile, it is refused.
 */
export async function putInForce(
  context: CliContext,
  { project, options, plan, yes }: ProjectToApply,
  ask: (question: string) => Promise<boolean> = confirm,
): Promise<void> {
  const db = await context.openCatalog(2);
  const client = await context.connectClient();
  const asks = context.interactive && !yes;
  let { expected } = options;
  if (asks || plan === 'shown') {
    const planned = await makePlan(
      db,
      client,
      project,
      options.waiting ?? 're-evaluate',
      options.rollbackOf?.checksum,
    );
    const question = asks && planned.changed && isDestructive(planned);
    if ((question || plan === 'shown') && !context.wantsJson)
      context.print(`${planText(planned, context.paint)}\n`);
    if (
      question &&
      !(await ask('Apply this? Removed stages and closed labels do not come back by themselves.'))
    ) {
      context.say('Nothing was applied.');
      context.exitWith(1);
      return;
    }
    expected ??= planned.base;
  }
  const applied = await applyProject(db, client, project, context.actor, { ...options, expected });
  context.show(applied, () => appliedText(applied, project));
}
