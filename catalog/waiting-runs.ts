import type pg from 'pg';

/** A waiting run that an event may complete although its dataset starts no run of the stage. */
export interface WaitingRun {
  readonly stage: string;
  readonly timelabel: string;
}

/** Waiting runs of the given stages that lack the given datasets, pairwise. */
export async function runsWaitingFor(
  client: pg.PoolClient,
  wanted: readonly { readonly stage: string; readonly dataset: string }[],
): Promise<readonly WaitingRun[]> {
  if (wanted.length === 0) return [];
  const found = await client.query<WaitingRun>({
    name: 'runs-waiting-for',
    text: `select distinct r.stage, r.timelabel
             from unnest($1::text[], $2::text[]) w(stage, dataset)
             join reefline.stage_run r on r.stage = w.stage and r.status = 'WAITING'
              and r.missing @> jsonb_build_array(jsonb_build_object('dataset', w.dataset))`,
    values: [wanted.map(({ stage }) => stage), wanted.map(({ dataset }) => dataset)],
  });
  return found.rows;
}

/** Waiting runs that keep the definition of an older config version. */
export async function pinnedRuns(
  client: pg.PoolClient,
): Promise<readonly (WaitingRun & { readonly pinned: number })[]> {
  const found = await client.query<WaitingRun & { pinned: number }>({
    name: 'pinned-runs',
    text: `select stage, timelabel, pinned from reefline.stage_run where pinned is not null and status = 'WAITING'`,
  });
  return found.rows;
}
