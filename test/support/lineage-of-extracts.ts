import { expect } from '@jest/globals';
import type pg from 'pg';
import { readEventLineage } from '../../catalog/event-lineage.ts';

/**
 * Holds the lineage of the run `p.priced/20010101000000/r1` to the columns that were known when its event arrived, and, as if it were an
 * extract, to the table at the source. Nothing of it stays.
 */
export async function expectLineageOfExtracts(db: pg.Pool): Promise<void> {
  const client = await db.connect();
  try {
    await client.query(`begin`);
    await client.query(`delete from reefline.run_input`);
    const work = JSON.stringify({ work: { kind: 'extract', from: 'shop.public.fares' } });
    await client.query(
      `update reefline.stage set kind = 'extract', definition = definition || $1 where id = 'p.priced'`,
      [work],
    );
    await client.query(
      `insert into reefline.dataset_schema (dataset, version, columns, timelabel, revision, seen_at)
       values ('warehouse.main.priced', 1, '[{"name":"old"}]', '', 1, '2000-01-01'),
              ('warehouse.main.priced', 2, '[{"name":"new"}]', '', 1, '2100-01-01')`,
    );
    const id = 'p.priced/20010101000000/r1';
    expect(await readEventLineage(client, [id])).toEqual(
      new Map([
        [id, { period: '1d', columns: [{ name: 'old' }], inputs: [{ dataset: 'shop.public.fares' }] }],
      ]),
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
}
