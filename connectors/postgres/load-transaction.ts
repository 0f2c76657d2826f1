import type pg from 'pg';
import type { LoadRequest } from './load-request.ts';
import {
  lockPublishing,
  recordRows,
  settledRows,
  sharePublishing,
  type PublishMarker,
} from './publish-markers.ts';

/**
 * Begins the transaction and waits for loads that it must not meet: appends of other labels may go on, everything else
 * of the dataset is done one at a time. Afterwards what an earlier attempt committed meanwhile is visible: answers how many rows it
 * wrote, and the transaction is over.
 */
export async function beginLoad(
  client: pg.Client,
  marker: PublishMarker,
  mode: LoadRequest['mode'],
): Promise<number | undefined> {
  await client.query('begin');
  if (mode === 'append') {
    await sharePublishing(client, marker.dataset);
    await lockPublishing(client, `${marker.dataset} ${marker.timelabel}`);
  } else await lockPublishing(client, marker.dataset);
  const settled = await settledRows(client, marker, mode === 'replace');
  if (settled !== undefined) await client.query('rollback');
  return settled;
}

/** Commits the rows together with their marker. */
export async function commitLoad(client: pg.Client, marker: PublishMarker, rows: number): Promise<number> {
  await recordRows(client, marker, rows);
  await client.query('commit');
  return rows;
}
