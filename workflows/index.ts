/*
 * The workflows of this build. Their names are in running histories: do not rename.
 */
export { backfill } from './backfill.ts';
export { historicalSync } from './historical-sync.ts';
export { publisher } from './publisher.ts';
export { router } from './router.ts';
export { stageRun } from './stage-run.ts';
export { sweep } from './sweep.ts';
export { tick } from './tick.ts';
