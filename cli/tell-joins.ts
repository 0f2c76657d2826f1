import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type pg from 'pg';
import { noteTold, readJoinsToTell } from '../catalog/joins-to-tell.ts';
import type { RunKey } from '../catalog/run-ledger.ts';
import { runId } from '../pipeline/ids.ts';

/** Signals that are under way at once. */
const ABREAST = 20;

/**
 * Tells the workflows of joins that a config version closed or wants to look again, and returns how many there were. A
 * workflow that has ended needs no telling. Repeating it does no harm: whoever is told looks into the catalog.
 */
export async function tellJoins(db: pg.Pool, client: Client): Promise<number> {
  const joins = await readJoinsToTell(db);
  for (let at = 0; at < joins.length; at += ABREAST) {
    const batch = joins.slice(at, at + ABREAST);
    await Promise.all(batch.map((join) => tell(client, join)));
    await noteTold(db, batch);
  }
  return joins.length;
}

async function tell(client: Client, { stage, timelabel }: RunKey): Promise<void> {
  try {
    await client.workflow.getHandle(runId(stage, timelabel)).signal('inputEvent', null);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
