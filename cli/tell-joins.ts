import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { noteTold, readJoinsToTell } from '../catalog/joins-to-tell.ts';
import { runControl } from '../workers/run-control.ts';

/** Signals that are under way at once. */
const ABREAST = 20;

/**
 * Tells the workflows of joins that a config version closed or wants to look again, and returns how many there were. A
 * workflow that has ended needs no telling. Repeating it does no harm: whoever is told looks into the catalog.
 */
export async function tellJoins(db: pg.Pool, client: Client): Promise<number> {
  const joins = await readJoinsToTell(db);
  const { tell } = runControl(client);
  for (let at = 0; at < joins.length; at += ABREAST) {
    const batch = joins.slice(at, at + ABREAST);
    await Promise.all(batch.map(({ stage, timelabel }) => tell(stage, timelabel)));
    await noteTold(db, batch);
  }
  return joins.length;
}
