import type pg from 'pg';
import { changesJoin } from '../pipeline/join-effect.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { RunKey } from './run-ledger.ts';

/**
 * Joins whose open workflows do not know yet what a config version decided: those that it closed, and those that wait
 * and last looked under another definition than the one in force for them, which is an older one where they keep it. A
 * function of the catalog's state, so whoever finds them may tell them, as often as he likes.
 */
export async function readJoinsToTell(db: pg.Pool): Promise<readonly RunKey[]> {
  return [...(await readUntoldClosed(db)), ...(await readOutdated(db))];
}

async function readUntoldClosed(db: pg.Pool): Promise<readonly RunKey[]> {
  const found = await db.query<RunKey>({
    name: 'untold-closed-joins',
    text: `select stage, timelabel, revision from reefline.stage_run r
            where status = 'CLOSED'
              and not exists (select 1 from reefline.run_note n
                               where n.stage = r.stage and n.timelabel = r.timelabel and n.revision = r.revision
                                 and n.decision = 'told')
            order by stage, timelabel`,
  });
  return found.rows;
}

async function readOutdated(db: pg.Pool): Promise<readonly RunKey[]> {
  const found = await db.query<RunKey & { old: StageDefinition; current: StageDefinition }>({
    name: 'outdated-joins',
    text: `select r.stage, r.timelabel, r.revision, o.definition as old, c.definition as current
             from reefline.stage_run r
             join reefline.stage o on o.config_version = r.config_version and o.id = r.stage
             join reefline.stage c on c.id = r.stage
                  and c.config_version = coalesce(r.pinned, (select max(version) from reefline.config_version))
            where r.status = 'WAITING' and r.config_version < c.config_version
              and o.definition <> c.definition
            order by r.stage, r.timelabel`,
  });
  return found.rows
    .filter(({ old, current }) => changesJoin(old, current))
    .map(({ stage, timelabel, revision }) => ({ stage, timelabel, revision }));
}

/** Remembers that the workflows of closed joins were told, or have ended by themselves. */
export async function noteTold(db: pg.Pool, joins: readonly RunKey[]): Promise<void> {
  if (joins.length === 0) return;
  await db.query({
    name: 'note-told-joins',
    text: `insert into reefline.run_note (stage, timelabel, revision, decision, reason)
           select r.stage, r.timelabel, r.revision, 'told', 'its workflow knows that the join is closed'
             from jsonb_to_recordset($1::jsonb) as j(stage text, timelabel text, revision int)
             join reefline.stage_run r using (stage, timelabel, revision)
            where r.status = 'CLOSED'
              and not exists (select 1 from reefline.run_note n
                               where n.stage = r.stage and n.timelabel = r.timelabel and n.revision = r.revision
                                 and n.decision = 'told')`,
    values: [JSON.stringify(joins)],
  });
}
