import type pg from 'pg';
import type { LabelPair } from '../pipeline/number-events.ts';
import type { OpeningPreview } from './preview-opening.ts';

/**
 * The inputs that differ from those of the newest run of a label that could run again, when each of them was run on its own
 * (--only): then no event asks for the label. Empty otherwise.
 */
export async function readSilentInputs(
  client: pg.PoolClient,
  { stage, timelabel, opening }: OpeningPreview,
): Promise<readonly LabelPair[]> {
  if (opening.kind !== 'run' || opening.inputs.length === 0) return [];
  const found = await client.query<LabelPair & { readonly propagates: boolean }>({
    name: 'why-silent-inputs',
    text: `select e.dataset, e.timelabel, e.propagates from reefline.data_event e
            where e.event_id = any($3) and not exists (
              select 1 from reefline.run_input i
               where i.stage = $1 and i.timelabel = $2 and i.event_id = e.event_id
                 and i.revision = (select max(revision) from reefline.stage_run where stage = $1 and timelabel = $2))
            order by e.dataset, e.timelabel`,
    values: [stage.id, timelabel, opening.inputs.map(({ eventId }) => eventId)],
  });
  if (found.rows.some(({ propagates }) => propagates)) return [];
  return found.rows.map(({ dataset, timelabel: label }) => ({ dataset, timelabel: label }));
}
