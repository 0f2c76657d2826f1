import type pg from 'pg';

/** What was decided about a (stage, label) outside of an opening. Permanent names: they are rows in the catalog. */
export type RunDecision =
  | 'late'
  | 'missing'
  | 'superseded'
  | 'overtaken'
  | 'skipped'
  | 'released'
  | 'rejected'
  | 'quarantined'
  | 'resumed'
  | 'closed'
  | 'limit';

export interface RunNote {
  readonly stage: string;
  readonly timelabel: string;
  readonly revision: number | null;
  readonly decision: RunDecision;
  readonly reason: string;
  readonly actor: string | null;
  readonly configVersion: number | null;
}

/** Appends notes in the caller's transaction, with the thing that they speak of. */
export async function appendNotes(client: pg.PoolClient, notes: readonly RunNote[]): Promise<void> {
  if (notes.length === 0) return;
  await client.query({
    name: 'append-notes',
    text: `insert into reefline.run_note (stage, timelabel, revision, decision, reason, actor, config_version)
           select n.stage, n.timelabel, n.revision, n.decision, n.reason, n.actor, n."configVersion"
             from jsonb_to_recordset($1::jsonb)
               as n(stage text, timelabel text, revision int, decision text, reason text, actor text, "configVersion" int)`,
    values: [JSON.stringify(notes)],
  });
}

/** Notes that the limit of restated labels begins to hold labels of a stage; false when that was noted within 24 hours. */
export async function noteFirstHold(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<boolean> {
  // Serialised per stage, or two routers would both be the first.
  await client.query({
    name: 'lock-limit',
    text: 'select pg_advisory_xact_lock(hashtextextended($1, 2))',
    values: [stage],
  });
  const found = await client.query({
    name: 'note-first-hold',
    text: `insert into reefline.run_note (stage, timelabel, decision, reason)
           select $1, $2, 'limit', 'max_restated_labels holds labels of the stage'
            where not exists (select 1 from reefline.run_note
              where stage = $1 and decision = 'limit' and noted_at > clock_timestamp() - interval '24 hours')`,
    values: [stage, timelabel],
  });
  return found.rowCount === 1;
}
