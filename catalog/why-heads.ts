import type pg from 'pg';
import type { MissingInput } from '../pipeline/completeness.ts';
import type { HeldFact, MissingEvent, MissingFact, ProducerRun } from '../pipeline/explanation-facts.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';

/** What is known of a missing label: the newest event, the newest run of the stage that makes it, and what holds it. */
export interface Head {
  readonly event: MissingFact['event'];
  readonly run: ProducerRun | null;
  readonly held: HeldFact | null;
}

/** The stage that makes a dataset; undefined when a service outside reports it. */
export function producerOf(table: RoutingTable, dataset: string): StageDefinition | undefined {
  return table.stages.get(table.datasets.get(dataset)?.producer ?? '');
}

export function inputKey({ dataset, timelabel }: Pick<MissingInput, 'dataset' | 'timelabel'>): string {
  return `${dataset} ${timelabel}`;
}

type HeadRow = Partial<ProducerRun> & {
  readonly dataset: string;
  readonly timelabel: string;
  readonly event: (Omit<MissingEvent, 'receivedAt'> & { readonly receivedAt: string }) | null;
  readonly cause: HeldFact['cause'] | null;
  readonly since: Date | null;
};

/** The heads of missing labels, by `inputKey`; one statement for any number. */
export async function readHeads(
  client: pg.PoolClient,
  table: RoutingTable,
  missing: readonly MissingInput[],
): Promise<ReadonlyMap<string, Head>> {
  const found = await client.query<HeadRow>({
    name: 'why-heads',
    text: `select m.dataset, m.timelabel, e.event, r.revision, r.status, coalesce(r.outcome, ended.event->>'outcome') as outcome,
                  r.opened_at as "openedAt", r.started_at as "startedAt", r.closed_at as "closedAt", r.late_at as "lateAt", r.attempt,
                  nullif(ended.event->'error', 'null') as error, h.cause, h.held_at as since
             from unnest($1::text[], $2::text[], $3::text[]) m(dataset, timelabel, stage)
             left join lateral (select jsonb_build_object('outcome', coalesce(outcome, status), 'revision', revision, 'propagates', propagates,
                                  'receivedAt', to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as event
               from reefline.data_event where dataset = m.dataset and timelabel = m.timelabel and event_type = 'data'
               order by revision desc limit 1) e on true
             left join lateral (select * from reefline.stage_run
               where stage = m.stage and timelabel = m.timelabel order by revision desc limit 1) r on true
             left join lateral (select e as event from jsonb_array_elements(r.events) e
               where e->>'event_type' = 'data' limit 1) ended on true
             left join reefline.held_run h on h.stage = m.stage and h.timelabel = m.timelabel`,
    values: [
      missing.map(({ dataset }) => dataset),
      missing.map(({ timelabel }) => timelabel),
      missing.map(({ dataset }) => producerOf(table, dataset)?.id ?? ''),
    ],
  });
  return new Map(found.rows.map((row) => [`${row.dataset} ${row.timelabel}`, headOf(row)] as const));
}

function headOf(row: HeadRow): Head {
  const { event, cause, since } = row;
  return {
    event: event === null ? null : { ...event, receivedAt: new Date(event.receivedAt) },
    run: runOf(row),
    held: cause === null || since === null ? null : { cause, since },
  };
}

/** The run of a row; null when the stage has none of the label. */
export function runOf(row: Partial<ProducerRun>): ProducerRun | null {
  const { revision, status, openedAt } = row;
  if (revision == null || status == null || openedAt == null) return null;
  return {
    revision,
    status,
    openedAt,
    outcome: row.outcome ?? null,
    startedAt: row.startedAt ?? null,
    closedAt: row.closedAt ?? null,
    lateAt: row.lateAt ?? null,
    attempt: row.attempt ?? 0,
    error: row.error ?? null,
  };
}
