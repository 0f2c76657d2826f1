import { checkStage } from '../../activities/stages/check.ts';
import { extractStage } from '../../activities/stages/extract.ts';
import { loadStage } from '../../activities/stages/load.ts';
import { publishStage } from '../../activities/stages/publish.ts';
import type { StageRunner } from '../../activities/stages/runner.ts';
import { transformStage } from '../../activities/stages/transform.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Work } from './engine.ts';

const RUNNERS: Readonly<Record<string, StageRunner>> = {
  extract: extractStage as StageRunner,
  load: loadStage as StageRunner,
  transform: transformStage as StageRunner,
  publish: publishStage as StageRunner,
  check: checkStage as StageRunner,
};

/** The first attempt to load this label loses its connection. */
const UNLUCKY = 'orders.load_orders 20200304200000';

/** The real stages, with one misfortune. */
export const onCallWork: Work = (run, tools) => {
  const { id, work } = run.stage;
  if (`${id} ${run.timelabel}` === UNLUCKY && run.attempt === 1)
    throw new StageFailure('unavailable', 'Redshift "warehouse" closed the connection.');
  const runner = RUNNERS[work.kind];
  if (runner === undefined) throw new Error(`The shop has no stage of kind ${work.kind}.`);
  return runner(run, tools);
};
