import type pg from 'pg';

/** What is compared with the clock: a message that has been owed since 2020 is a dead letter. */
const OF_NOW: ReadonlySet<string> = new Set(['deadline', 'claimed_until', 'owed_at']);

/**
 * A story is told about some days of 2020, and its catalog is written now. So after each step every instant that is
 * of now becomes the instant of the story, in the same order.
 */
export async function moveIntoStory(db: pg.Pool, stepBegan: number, at: number): Promise<void> {
  const { rows } = await db.query<{ table: string; column: string }>(
    `select c.table_name as table, c.column_name as column
       from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'reefline' and t.table_type = 'BASE TABLE' and c.data_type = 'timestamp with time zone'`,
  );
  for (const { table, column } of rows)
    if (!OF_NOW.has(column))
      await db.query(
        `update reefline.${table} set ${column} = $1::timestamptz + least(${column} - $2::timestamptz, '59 seconds')
          where ${column} > '2021-01-01'`,
        [new Date(at), new Date(stepBegan)],
      );
  await moveEventTimes(db);
}

/** The documented times of an event are texts. */
async function moveEventTimes(db: pg.Pool): Promise<void> {
  for (const field of ['startTime', 'updateTime', 'endTime', 'time'])
    await db.query(
      `update reefline.data_event
          set body = jsonb_set(body, array[$1], to_jsonb(to_char(received_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS:MS') || ' +00:00'))
        where body->>$1 > '2021'`,
      [field],
    );
}

/**
 * The same for labels that ran all at once: an hour as if it had run ten minutes after its end, a day ten minutes after midnight.
 */
export async function moveLabelsIntoStory(
  db: pg.Pool,
  stepBegan: number,
  daily: readonly string[],
): Promise<void> {
  const due = (label: string, isDaily: string): string =>
    `to_timestamp(${label} || '+00', 'YYYYMMDDHH24MISSTZH') + case when ${isDaily} then interval '1450 minutes' else interval '70 minutes' end`;
  const move = (column: string, label: string, isDaily: string): string =>
    `${column} = case when ${column} is not null then ${due(label, isDaily)} + least(${column} - $1::timestamptz, '59 seconds') end`;
  const isRun = "stage = any($2::text[]) and status <> 'WAITING'";
  const isEvent = 'e.dataset = any($2::text[])';
  const statements = [
    `update reefline.stage_run set ${['opened_at', 'started_at', 'closed_at'].map((column) => move(column, 'timelabel', isRun)).join(', ')} where opened_at > '2021-01-01'`,
    `update reefline.run_note set ${move('noted_at', 'timelabel', "stage = any($2::text[]) and decision <> 'waiting'")} where noted_at > '2021-01-01'`,
    `update reefline.dataset_schema e set ${move('seen_at', 'timelabel', isEvent)} where seen_at > '2021-01-01'`,
    `update reefline.verdict v set ${move('decided_at', 'e.timelabel', isEvent)} from reefline.data_event e where e.event_id = v.event_id and decided_at > '2021-01-01'`,
    `update reefline.delivery d set ${move('delivered_at', 'e.timelabel', isEvent)} from reefline.data_event e where e.event_id = d.event_id and delivered_at > '2021-01-01'`,
    `update reefline.data_event e set ${move('received_at', 'timelabel', isEvent)} where received_at > '2021-01-01'`,
  ];
  for (const statement of statements) await db.query(statement, [new Date(stepBegan), daily]);
}

/**
 * For commands that look at what the clock of now demands: ticks and deadlines since a version was applied, and workers
 * that asked for work within 90 seconds. So the versions are yet to come, and where workers have ended, they ended before.
 */
export async function atTheClockOfNow<Result>(
  db: pg.Pool,
  withoutWorkers: boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  const { now } = Date;
  await db.query(`update reefline.config_version set applied_at = applied_at + interval '100 years'`);
  if (withoutWorkers) Date.now = () => now() + 100_000;
  try {
    return await work();
  } finally {
    Date.now = now;
    await db.query(`update reefline.config_version set applied_at = applied_at - interval '100 years'`);
  }
}

/** Milliseconds after which a story that does not come to rest is given up. */
const PATIENCE = 90_000;

/** Twice in a row: no run, resumed label or backfill is under way, every event is in the log, and every message was tried. */
export async function untilQuiet(db: pg.Pool): Promise<void> {
  const end = Date.now() + PATIENCE;
  for (let quiet = 0; quiet < 2;) {
    if (Date.now() > end) throw new Error('Runs, events or messages are under way for too long.');
    const { rows } = await db.query<{ busy: boolean }>(
      `select exists (select 1 from reefline.stage_run where status = 'RUNNING')
           or exists (select 1 from reefline.held_run h where h.cause = 'paused' and not exists (
                       select 1 from reefline.pause p where p.scope in (h.stage, split_part(h.stage, '.', 1))))
           or exists (select 1 from reefline.backfill where status = 'running')
           or exists (select 1 from reefline.delivery where status = 'owed' and last_error is null)
           or exists (select 1 from reefline.stage_run r, jsonb_array_elements(r.events) e
                       where not exists (select 1 from reefline.data_event d where d.event_id = e->>'eventId')) as busy`,
    );
    quiet = rows[0]?.busy === false ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
