import type pg from 'pg';
import type { FindingKind } from '../pipeline/findings.ts';

/** Where the sweep goes on for a kind of finding; undefined at the beginning. */
export async function readSweepMark(db: pg.Pool, kind: FindingKind): Promise<string | undefined> {
  const found = await db.query<{ mark: string }>({
    name: 'read-sweep-mark',
    text: 'select mark from reefline.sweep_mark where kind = $1',
    values: [kind],
  });
  return found.rows[0]?.mark;
}

export async function writeSweepMark(db: pg.Pool, kind: FindingKind, mark: string): Promise<void> {
  await db.query({
    name: 'write-sweep-mark',
    text: `insert into reefline.sweep_mark (kind, mark) values ($1, $2)
           on conflict (kind) do update set mark = excluded.mark where sweep_mark.mark <> excluded.mark`,
    values: [kind, mark],
  });
}
