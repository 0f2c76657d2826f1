import type pg from 'pg';
import {
  readPresentLabels,
  readSucceededLabels,
  readSucceededRanges,
  type SucceededRange,
} from '../catalog/plan-facts.ts';
import { completeLabels } from '../pipeline/complete-labels.ts';
import type { ConfigDiff, ItemChange } from '../pipeline/config-diff.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { instantOf, labelAt, shiftLabel, type Timelabel } from '../pipeline/timelabel.ts';

/** A backfill that nobody has to run, but that the change may be worthless without. */
export interface SuggestedBackfill {
  /** `p.x` of a stage, or the name of an endpoint. */
  readonly for: string;
  readonly why: string;
  readonly labels: number;
  readonly command: string;
}

/** Backfills that a change implies: labels of the past which no event will start, or which were made in another way. */
export async function suggestBackfills(
  db: pg.Pool,
  project: Project,
  { stages, endpoints }: ConfigDiff,
): Promise<readonly SuggestedBackfill[]> {
  const suggested: SuggestedBackfill[] = [];
  const changes = new Map(stages.changed.map((change) => [change.id, change]));
  for (const stage of project.stages) {
    const change = changes.get(stage.id);
    if (stages.added.includes(stage.id) || (change !== undefined && hasOtherLabels(change)))
      suggested.push(...(await suggestMissing(db, stage)));
    else if (change !== undefined && makesOtherData(change))
      suggested.push(...(await suggestAgain(db, stage)));
  }
  if (endpoints.added.length > 0) {
    const ranges = await readSucceededRanges(db, project.pipelines);
    for (const endpoint of endpoints.added) suggested.push(...suggestForEndpoint(endpoint, ranges));
  }
  return suggested;
}

function hasOtherLabels({ changes }: ItemChange): boolean {
  return changes.some(({ field }) => field === 'period' || field === 'output');
}

function makesOtherData({ changes }: ItemChange): boolean {
  return changes.some(({ field }) => /^(work(\.|$)|input |when(\.|$)|window of |period of )/.test(field));
}

/** Labels that could run, for their inputs are complete, and never did. */
async function suggestMissing(db: pg.Pool, stage: StageDefinition): Promise<readonly SuggestedBackfill[]> {
  const complete = completeLabels(stage, await readPresentLabels(db, stage.inputs));
  const succeeded = new Set(await readSucceededLabels(db, stage.id));
  const labels = complete.filter((label) => !succeeded.has(label));
  return suggestRange(stage, labels, 'their inputs are complete, and no event will start them', '');
}

/** Labels that were made in the old way. */
async function suggestAgain(db: pg.Pool, stage: StageDefinition): Promise<readonly SuggestedBackfill[]> {
  const labels = await readSucceededLabels(db, stage.id);
  return suggestRange(stage, labels, 'they were made with the old definition', ' --rerun all');
}

function suggestRange(
  stage: StageDefinition,
  labels: readonly Timelabel[],
  why: string,
  options: string,
): readonly SuggestedBackfill[] {
  const [first, last] = [labels[0], labels.at(-1)];
  if (first === undefined || last === undefined) return [];
  // A range ends before its end.
  const end = shiftLabel(stage.period, last, 1);
  const command = `reefline backfill create ${stage.id} --from ${first} --to ${end}${options}`;
  return [{ for: stage.id, why, labels: labels.length, command }];
}

function suggestForEndpoint(
  endpoint: string,
  ranges: ReadonlyMap<string, SucceededRange>,
): readonly SuggestedBackfill[] {
  return [...ranges].map(([pipeline, { first, last, labels }]) => ({
    for: endpoint,
    why: 'it is sent events from now on; every endpoint is sent those of labels that are made again',
    labels,
    command: `reefline backfill create ${pipeline} --from ${first} --to ${labelAt(instantOf(last) + 60_000)} --rerun all`,
  }));
}
