import type pg from 'pg';

/**
 * What a catalog holds, table by table, each row a text: without times, and config versions by their order, for a
 * number that an apply took before it failed is not used again. So two histories can be compared.
 */
export type CatalogContents = Readonly<Record<string, readonly string[]>>;

/** `1` for the first config version, and so on. */
function orderOf(version: string): string {
  return `(select count(*) from reefline.config_version v where v.version <= ${version})`;
}

const TABLES: Readonly<Record<string, string>> = {
  events: `select concat_ws(' ', event_id, event_type, dataset, timelabel, revision, status, outcome, propagates, body->'missing', body->'causedBy')
             from reefline.data_event`,
  runs: `select concat_ws(' ', stage, timelabel, revision, status, outcome, 'propagates', propagates, 'by', trigger, request, backfill,
                          'restates', restates, 'late', late_at is not null, late_event->>'eventId', 'config', ${orderOf('config_version')},
                          'pinned', ${orderOf('pinned')}, 'began', started_at is not null, 'closed', closed_at is not null, vector,
                          (select array_agg(c order by c) from unnest(caused_by) c), case when status = 'WAITING' then missing end)
           from reefline.stage_run`,
  inputs: `select concat_ws(' ', stage, timelabel, revision, dataset, input_label, input_revision, event_id) from reefline.run_input`,
  notes: `select concat_ws(' ', stage, timelabel, revision, decision, reason, actor, ${orderOf('config_version')}) from reefline.run_note`,
  held: `select concat_ws(' ', stage, timelabel, cause, trigger, request) from reefline.held_run`,
  pauses: `select concat_ws(' ', scope, paused_by, reason) from reefline.pause`,
  deliveries: `select concat_ws(' ', endpoint, event_id, status) from reefline.delivery`,
  verdicts: `select concat_ws(' ', event_id, stage, timelabel, verdict, reason, ${orderOf('config_version')}) from reefline.verdict`,
  rejections: `select concat_ws(' ', field, reason, raw) from reefline.rejected_event`,
  schemas: `select concat_ws(' ', dataset, version, columns) from reefline.dataset_schema`,
  configs: `select concat_ws(' ', ${orderOf('c.version')}, applied_by, note) from reefline.config_version c`,
};

const INSTANT = /\d{4}-\d{2}-\d{2}[T ][\d:.]+(?:Z|\+00(?::00)?)/g;

export async function readContents(db: pg.Pool): Promise<CatalogContents> {
  const contents: Record<string, readonly string[]> = {};
  for (const [table, text] of Object.entries(TABLES)) {
    const found = await db.query<{ concat_ws: string }>(text);
    contents[table] = found.rows
      .map(({ concat_ws: row }) =>
        row.replaceAll(INSTANT, 'then').replaceAll(/config version \d+/g, 'the config version'),
      )
      .sort();
  }
  return contents;
}

/** Those that refer to others first. */
const IN_ORDER =
  'verdict delivery rejected_event run_input stage_run run_note pause held_run data_event dataset_schema replay endpoint dependency stage pipeline config_version';

/** Empties a catalog, its configurations included; many times faster than truncating tables that are nearly empty. */
export async function emptyCatalog(db: pg.Pool): Promise<void> {
  const deletions = IN_ORDER.split(' ').map((table) => `delete from reefline.${table}`);
  await db.query(
    [...deletions, 'alter table reefline.config_version alter column version restart'].join('; '),
  );
}
