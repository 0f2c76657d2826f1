import type pg from 'pg';
import { selectedOutcomes } from '../pipeline/outcome.ts';
import type { StageInput } from '../pipeline/stage.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';

/** Runs of one stage that are in flight, and the version whose definition they finish with. */
export interface RunningRuns {
  readonly stage: string;
  readonly configVersion: number;
  readonly count: number;
}

/** The runs in flight of the given stages. */
export async function readRunning(db: pg.Pool, stages: readonly string[]): Promise<readonly RunningRuns[]> {
  const found = await db.query<RunningRuns>({
    name: 'plan-running',
    text: `select stage, config_version as "configVersion", count(*)::int as count from reefline.stage_run
            where status = 'RUNNING' and stage = any($1::text[]) group by 1, 2 order by 1, 2`,
    values: [stages],
  });
  return found.rows;
}

/** The labels of each input's dataset that came out as the input asks for, oldest first. */
export async function readPresentLabels(
  db: pg.Pool,
  inputs: readonly StageInput[],
): Promise<ReadonlyMap<string, readonly Timelabel[]>> {
  const present = new Map<string, readonly Timelabel[]>();
  for (const { dataset, on } of inputs) {
    const found = await db.query<{ timelabel: Timelabel }>({
      name: 'plan-present-labels',
      text: `select distinct timelabel from reefline.data_event
              where dataset = $1 and event_type = 'data' and outcome = any($2::text[]) order by timelabel`,
      values: [dataset, selectedOutcomes(on)],
    });
    present.set(
      dataset,
      found.rows.map(({ timelabel }) => timelabel),
    );
  }
  return present;
}

/** The labels of a stage that have succeeded, oldest first. */
export async function readSucceededLabels(db: pg.Pool, stage: string): Promise<readonly Timelabel[]> {
  const found = await db.query<{ timelabel: Timelabel }>({
    name: 'plan-succeeded-labels',
    text: `select distinct timelabel from reefline.stage_run
            where stage = $1 and status = 'SUCCESS' order by timelabel`,
    values: [stage],
  });
  return found.rows.map(({ timelabel }) => timelabel);
}

/** First and last label of a pipeline that have succeeded, and how many runs that were. */
export interface SucceededRange {
  readonly first: Timelabel;
  readonly last: Timelabel;
  readonly labels: number;
}

/** What of a pipeline has succeeded, per pipeline that has anything. `labels` counts (stage, label) pairs. */
export async function readSucceededRanges(
  db: pg.Pool,
  pipelines: readonly string[],
): Promise<ReadonlyMap<string, SucceededRange>> {
  const found = await db.query<SucceededRange & { pipeline: string }>({
    name: 'plan-succeeded-ranges',
    text: `select pipeline, min(timelabel) as first, max(timelabel) as last, count(distinct (stage, timelabel))::int as labels
             from reefline.stage_run where status = 'SUCCESS' and pipeline = any($1::text[]) group by pipeline order by pipeline`,
    values: [pipelines],
  });
  return new Map(found.rows.map(({ pipeline, ...range }) => [pipeline, range]));
}
