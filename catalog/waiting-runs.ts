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

/** Waiting runs of the given stages that lack the given labels, pairwise. */
export async function runsLacking(
  client: pg.PoolClient,
  lacked: readonly { readonly stage: string; readonly dataset: string; readonly timelabel: string }[],
): Promise<readonly WaitingRun[]> {
  if (lacked.length === 0) return [];
  const found = await client.query<WaitingRun>({
    name: 'runs-lacking',
    text: `select distinct r.stage, r.timelabel
             from unnest($1::text[], $2::text[], $3::text[]) l(stage, dataset, label)
             join reefline.stage_run r on r.stage = l.stage and r.status = 'WAITING'
              and r.missing @> jsonb_build_array(jsonb_build_object('dataset', l.dataset, 'timelabel', l.label))`,
    values: [
      lacked.map(({ stage }) => stage),
      lacked.map(({ dataset }) => dataset),
      lacked.map(({ timelabel }) => timelabel),
    ],
  });
  return found.rows;
}

/** Waiting runs with an input that is not settled because of something that the newest runs of the given labels took. */
export async function runsWaitingBehind(
  client: pg.PoolClient,
  ended: readonly { readonly stage: string; readonly timelabel: string }[],
): Promise<readonly WaitingRun[]> {
  if (ended.length === 0) return [];
  const found = await client.query<WaitingRun>({
    name: 'runs-waiting-behind',
    text: `select distinct r.stage, r.timelabel
             from unnest($1::text[], $2::text[]) e(stage, timelabel)
            cross join lateral (
                  select revision from reefline.stage_run n where n.stage = e.stage and n.timelabel = e.timelabel
                   order by revision desc limit 1) n
             join reefline.run_input i on i.stage = e.stage and i.timelabel = e.timelabel and i.revision = n.revision
             join reefline.stage_run r on r.status = 'WAITING'
              and r.missing @> jsonb_build_array(jsonb_build_object(
                    'unsettled', jsonb_build_object('dataset', i.dataset, 'timelabel', i.input_label)))`,
    values: [ended.map(({ stage }) => stage), ended.map(({ timelabel }) => timelabel)],
  });
  return found.rows;
}
