import type pg from 'pg';
import type { OpeningRequest } from '../pipeline/opening.ts';
import type { Target } from '../pipeline/routing.ts';
import type { OpeningMarks, OpeningOrigin } from './write-openings.ts';

/** Who brings the targets. */
interface Asking extends Pick<OpeningOrigin, 'causes' | 'backfillOf'> {
  readonly request: OpeningRequest;
  readonly marks: OpeningMarks;
}

/**
 * Positions of the targets that a person has ordered by a backfill which has not ended: the limit of restated labels is
 * there against storms of events, and neither holds nor counts them. What brings the target must be of that very
 * backfill; where no event does, because a run looks again after a pause or its own end, any one counts. Only targets
 * whose stage sets a limit are looked at.
 */
export async function readOrderedLabels(
  client: pg.PoolClient,
  targets: readonly Target[],
  { request, marks, causes, backfillOf }: Asking,
): Promise<ReadonlySet<number>> {
  if (request.trigger !== 'event') return new Set();
  const asked = targets.flatMap((target, position) => {
    if (target.stage.maxRestatedLabels === undefined) return [];
    const backfill = marks.backfill ?? backfillOf?.(target) ?? null;
    const any = backfill === null && causes(target).length === 0;
    return backfill === null && !any ? [] : [{ target, position, backfill }];
  });
  if (asked.length === 0) return new Set();
  const found = await client.query<{ position: number }>({
    name: 'read-ordered-labels',
    text: `select t.position from unnest($1::int[], $2::text[], $3::text[], $4::text[]) t(position, stage, timelabel, backfill)
            where exists (
              select 1 from reefline.backfill_item i
                join reefline.backfill b on b.id = i.backfill and b.status in ('running', 'paused', 'cancelling')
               where i.stage = t.stage and i.timelabel = t.timelabel and i.state in ('planned', 'running', 'waiting')
                 and i.backfill = coalesce(t.backfill, i.backfill))`,
    values: [
      asked.map(({ position }) => position),
      asked.map(({ target }) => target.stage.id),
      asked.map(({ target }) => target.timelabel),
      asked.map(({ backfill }) => backfill),
    ],
  });
  return new Set(found.rows.map(({ position }) => position));
}
