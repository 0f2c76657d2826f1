/*
 * The workflows of this build for workers that tell Temporal which build they are; the server refuses their behaviours from others.
 *
 * Routers, publishers and backfills go on under the build in force at their next task: they never end, or not for long, and an idle one
 * would hold an old build for ever. That they can is what the replays of recorded histories are for. All others stay with the build that
 * began them.
 */
import { setWorkflowOptions } from '@temporalio/workflow';
import { backfill, publisher, router } from './index.ts';

export * from './index.ts';

for (const workflow of [router, publisher, backfill] as const)
  setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, workflow as () => Promise<unknown>);
