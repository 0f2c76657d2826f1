import type pg from 'pg';
import type { FindingKind } from '../pipeline/findings.ts';

/** A finding as it goes into the record. */
export interface FoundRecord {
  readonly kind: FindingKind;
  readonly subject: string;
  readonly detail: string;
}

/**
 * Records what was found, before anybody mends it, and returns the numbers of the records in their order. Records older
 * than 90 days are removed.
 */
export async function recordFindings(
  db: pg.Pool,
  findings: readonly FoundRecord[],
): Promise<readonly string[]> {
  if (findings.length === 0) return [];
  const inserted = await db.query<{ seq: string }>({
    name: 'record-findings',
    text: `with old as (
             delete from reefline.mending where found_at < clock_timestamp() - interval '90 days')
           insert into reefline.mending (kind, subject, detail, mended)
           select f.kind, f.subject, f.detail, false
             from jsonb_array_elements($1::jsonb) with ordinality a(e, position),
                  jsonb_to_record(a.e) as f(kind text, subject text, detail text)
            order by a.position
           returning seq`,
    values: [JSON.stringify(findings)],
  });
  return inserted.rows.map(({ seq }) => seq);
}

/** How often a subject of this kind was mended within the last hour. */
export async function mendedWithinHour(db: pg.Pool, kind: FindingKind, subject: string): Promise<number> {
  const found = await db.query<{ count: number }>({
    name: 'mended-within-hour',
    text: `select count(*)::int as count from reefline.mending
            where found_at > clock_timestamp() - interval '1 hour' and kind = $1 and subject = $2 and mended`,
    values: [kind, subject],
  });
  return found.rows[0]?.count ?? 0;
}

/** Records how mending went. */
export async function recordMendings(
  db: pg.Pool,
  mendings: readonly { readonly seq: string; readonly detail: string; readonly mended: boolean }[],
): Promise<void> {
  if (mendings.length === 0) return;
  await db.query({
    name: 'record-mendings',
    text: `update reefline.mending m set mended = r.mended, detail = r.detail
             from jsonb_to_recordset($1::jsonb) as r(seq bigint, detail text, mended boolean) where m.seq = r.seq`,
    values: [JSON.stringify(mendings)],
  });
}
