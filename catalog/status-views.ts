import type pg from 'pg';

/** First and last label that the ledger has of a stage, or holds back. */
export interface LabelRange {
  readonly stage: string;
  readonly first: string;
  readonly last: string;
}

/** The range of labels of each stage that has any. Two index look-ups a stage, however long its history is. */
export async function readLabelRanges(
  db: pg.Pool,
  stages: readonly string[],
): Promise<readonly LabelRange[]> {
  const found = await db.query<LabelRange>({
    name: 'read-label-ranges',
    text: `select s.stage, least(a.timelabel, h.first) as first, greatest(z.timelabel, h.last) as last
             from unnest($1::text[]) s(stage)
             left join lateral (select timelabel from reefline.stage_run r where r.stage = s.stage order by timelabel limit 1) a on true
             left join lateral (select timelabel from reefline.stage_run r where r.stage = s.stage order by timelabel desc limit 1) z on true
             left join lateral (select min(timelabel) as first, max(timelabel) as last from reefline.held_run r where r.stage = s.stage) h on true
            where coalesce(a.timelabel, h.first) is not null`,
    values: [stages],
  });
  return found.rows;
}

/** The newest revision of a (stage, label), and what else decides how it is shown. */
export interface LabelHead {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number | null;
  readonly status: string | null;
  readonly outcome: string | null;
  readonly late: boolean;
  /** True when an earlier revision succeeded. */
  readonly madeBefore: boolean;
  readonly held: 'paused' | 'storm' | null;
}

/** The heads of the labels of each stage from `first` on. */
export async function readLabelHeads(
  db: pg.Pool,
  ranges: readonly { readonly stage: string; readonly first: string }[],
): Promise<readonly LabelHead[]> {
  const found = await db.query<LabelHead>({
    name: 'read-label-heads',
    text: `select s.stage, l.timelabel, l.revision, l.status, l.outcome, coalesce(l.late, false) as late,
                  coalesce(l.made_before, false) as "madeBefore", l.held
             from unnest($1::text[], $2::text[]) s(stage, first)
            cross join lateral (
              select coalesce(n.timelabel, h.timelabel) as timelabel, n.revision, n.status, n.outcome, n.late, n.made_before, h.cause as held
                from (select distinct on (r.timelabel) r.timelabel, r.revision, r.status, r.outcome, r.late_at is not null as late,
                             exists (select 1 from reefline.stage_run b where b.stage = r.stage and b.timelabel = r.timelabel
                                        and b.revision < r.revision and b.status = 'SUCCESS') as made_before
                        from reefline.stage_run r where r.stage = s.stage and r.timelabel >= s.first
                       order by r.timelabel, r.revision desc) n
                full join (select timelabel, cause from reefline.held_run r where r.stage = s.stage and r.timelabel >= s.first) h
                  on h.timelabel = n.timelabel) l
            order by s.stage, l.timelabel`,
    values: [ranges.map(({ stage }) => stage), ranges.map(({ first }) => first)],
  });
  return found.rows;
}

/** How many labels of the stages of a pipeline wait, and the one that has waited longest. */
export interface WaitingSummary {
  readonly pipeline: string;
  readonly waiting: number;
  readonly stage: string;
  readonly timelabel: string;
  readonly since: Date;
  /** The first input that it lacks, as the ledger keeps it for people. */
  readonly missing: { readonly dataset: string; readonly timelabel: string } | null;
}

export async function readWaiting(
  db: pg.Pool,
  stages: readonly string[],
): Promise<readonly WaitingSummary[]> {
  const found = await db.query<WaitingSummary>({
    name: 'read-waiting',
    text: `select distinct on (pipeline) pipeline, (count(*) over (partition by pipeline))::int as waiting, stage, timelabel,
                  opened_at as since, missing->0 as missing
             from reefline.stage_run where status = 'WAITING' and stage = any($1) order by pipeline, opened_at, stage, timelabel`,
    values: [stages],
  });
  return found.rows;
}
