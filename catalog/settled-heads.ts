import type pg from 'pg';
import { completeness, type InputState } from '../pipeline/completeness.ts';
import type { Target } from '../pipeline/routing.ts';
import { revisionKey, unsettledRevisions, type MadeOf } from '../pipeline/settled.ts';

/**
 * Marks the heads that are not settled. Only a target whose inputs are all there is looked at, and only when it joins
 * several labels: one label alone cannot be a mixture, and most events of a pipeline concern such targets.
 */
export async function markUnsettled(
  client: pg.PoolClient,
  configVersion: number,
  targets: readonly Target[],
  states: readonly InputState[][],
): Promise<readonly (readonly InputState[])[]> {
  const roots = new Map<string, { dataset: string; timelabel: string; revision: number }>();
  const joins = targets.map(({ stage, timelabel }, index) => {
    const inputs = states[index] ?? [];
    const heads = inputs.flatMap(({ dataset, heads: found }) => found.map((head) => ({ ...head, dataset })));
    const looked =
      heads.length > 1 &&
      (stage.onUnsettled !== 'run' || stage.inputs.some(({ gate }) => gate !== undefined)) &&
      completeness(stage, timelabel, inputs, stage.deadline?.then === 'partial').complete;
    if (looked) for (const head of heads) roots.set(revisionKey(head), head);
    return looked;
  });
  if (roots.size === 0) return states;
  const unsettled = unsettledRevisions(await readMadeOf(client, configVersion, [...roots.values()]));
  if (unsettled.size === 0) return states;
  return states.map((inputs, index) =>
    joins[index] !== true
      ? inputs
      : inputs.map(({ dataset, heads }) => ({
          dataset,
          heads: heads.map((head) => {
            const found = unsettled.get(revisionKey({ ...head, dataset }));
            return found === undefined
              ? head
              : { ...head, unsettled: found.cause, ...(found.stalled ? { stalled: true } : {}) };
          }),
        })),
  );
}

/**
 * What the given revisions were made of, up to the sources. Follows the inputs that the stages have under the given
 * config version and that make them run again; a revision that no run made, of an outside service, is a source.
 */
async function readMadeOf(
  client: pg.PoolClient,
  configVersion: number,
  roots: readonly { dataset: string; timelabel: string; revision: number }[],
): Promise<readonly MadeOf[]> {
  const found = await client.query<{
    dataset: string;
    timelabel: string;
    revision: number;
    input: string;
    input_label: string;
    input_revision: number;
    stale: boolean;
    failed_since: boolean;
  }>({
    name: 'read-made-of',
    // What was run on its own (--only) is in the table, though nobody was told: a check has not looked at it.
    // A skipped run takes note of newer inputs without making anything: its inputs count for the revision before it. Not
    // so of a check: skipping it is not looking, and what it said before was said of the data before.
    text: `with recursive made (dataset, timelabel, revision, input, input_label, input_revision, stale, failed_since) as (
             select null, null, 0, r.dataset, r.timelabel, r.revision, false, false
               from unnest($1::text[], $2::text[], $3::int[]) r(dataset, timelabel, revision)
             union
             select m.input, m.input_label, m.input_revision, i.dataset, i.input_label, i.input_revision,
                    exists (select 1 from reefline.data_event e
                             where e.dataset = i.dataset and e.timelabel = i.input_label and e.event_type = 'data'
                               and e.revision > i.input_revision and e.outcome = any(d.outcomes) and (e.propagates or s.kind = 'check')),
                    exists (select 1 from reefline.data_event e
                             where e.dataset = m.input and e.timelabel = m.input_label and e.event_type = 'data'
                               and e.revision > m.input_revision and e.outcome in ('FAILURE', 'MISSING', 'QUARANTINED', 'REJECTED'))
               from made m
               join reefline.stage s on s.config_version = $4 and s.output = m.input
              cross join lateral (
                    select r.revision from reefline.stage_run r
                     where r.stage = s.id and r.timelabel = m.input_label
                       and (r.revision = m.input_revision or (r.revision > m.input_revision and r.status = 'SKIPPED' and s.kind <> 'check'))
                     order by r.revision desc limit 1) r
               join reefline.run_input i on i.stage = s.id and i.timelabel = m.input_label and i.revision = r.revision
               join reefline.dependency d
                 on d.config_version = $4 and d.stage = s.id and d.dataset = i.dataset and d.follows
              where not m.stale)
           select * from made where dataset is not null`,
    values: [
      roots.map(({ dataset }) => dataset),
      roots.map(({ timelabel }) => timelabel),
      roots.map(({ revision }) => revision),
      configVersion,
    ],
  });
  return found.rows.map(({ dataset, timelabel, revision, stale, failed_since: failedSince, ...input }) => ({
    dataset,
    timelabel,
    revision,
    input: { dataset: input.input, timelabel: input.input_label, revision: input.input_revision },
    stale,
    failedSince,
  }));
}
