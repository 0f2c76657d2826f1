import type pg from 'pg';
import type { MissingInput } from '../pipeline/completeness.ts';
import type { HeldFact, MissingFact, NewestFact, ProducerRun } from '../pipeline/explanation-facts.ts';
import { labelDue } from '../pipeline/label-due.ts';
import { labelRanges, type LabelRange } from '../pipeline/label-ranges.ts';
import type { Pause } from '../pipeline/opening.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { StageDefinition, StageInput } from '../pipeline/stage.ts';
import { isOnGrid, type Timelabel } from '../pipeline/timelabel.ts';
import type { ConfigStore } from './config-store.ts';
import { previewOpening } from './preview-opening.ts';
import { readStageSince } from './why-config.ts';
import { readNewestLabels } from './why-events.ts';

/** Where a label is looked for, and what is known of all of them. */
export interface Tracing {
  readonly client: pg.PoolClient;
  readonly configs: ConfigStore;
  readonly table: RoutingTable;
  readonly pauses: readonly Pause[];
}

/** Missing labels that are looked up one by one. */
const LOOKED_UP = 500;
/** Ranges of missing labels that are told one by one, for the label itself and for what is behind it. */
const RANGES = [12, 3, 1, 1, 1] as const;

/** What the stage lacks for one label, and what each of the stages that make it waits for itself, up to the sources. */
export async function traceMissing(
  tracing: Tracing,
  { stage }: Target,
  missing: readonly MissingInput[],
  depth = 0,
): Promise<readonly MissingFact[]> {
  const most = RANGES[depth];
  if (most === undefined || missing.length === 0) return [];
  const looked = missing.slice(0, LOOKED_UP);
  const heads = await readHeads(tracing, looked);
  const groups = [...Map.groupBy(looked, ({ dataset }) => dataset)].flatMap(([dataset, inputs]) => {
    const input = stage.inputs.find((one) => one.dataset === dataset);
    const first = new Map(inputs.map((one) => [one.timelabel, one]));
    const labels = inputs.map(({ timelabel }) => timelabel);
    const ranges = labelRanges(input?.period ?? stage.period, labels, (label) =>
      headKey(heads.get(`${dataset} ${label}`), first.get(label)),
    );
    return ranges.map((range) => ({ dataset, range, input, unsettled: first.get(range.first)?.unsettled }));
  });
  const told = groups.slice(0, most);
  const [newest, since] = [
    await readNewestLabels(
      tracing.client,
      told.flatMap(({ dataset }) => (producerOf(tracing.table, dataset) === undefined ? [dataset] : [])),
    ),
    await readStageSince(
      tracing.client,
      tracing.table.configVersion,
      told.flatMap(({ dataset }) => producerOf(tracing.table, dataset)?.id ?? []),
    ),
  ];
  const facts: MissingFact[] = [];
  for (const { dataset, range, input, unsettled } of told) {
    const head = heads.get(`${dataset} ${range.first}`);
    const known = { newest: newest.get(dataset) ?? null, since, depth };
    const base = { ...baseOf(range, dataset, input, head), unsettled: unsettled ?? null };
    facts.push({ ...base, ...(await traceProducer(tracing, dataset, range.first, head, known)) });
  }
  return facts;
}

/** What a missing label looks like from outside. */
interface Head {
  readonly event: MissingFact['event'];
  readonly run: ProducerRun | null;
  readonly held: HeldFact | null;
}

function producerOf(table: RoutingTable, dataset: string): StageDefinition | undefined {
  return table.stages.get(table.datasets.get(dataset)?.producer ?? '');
}

/** Labels with the same key are missing for the same reason. */
function headKey(head: Head | undefined, missing: MissingInput | undefined): string {
  const { run = null, held = null, event = null } = head ?? {};
  const unsettled = missing?.unsettled === undefined ? '' : missing.unsettled.dataset;
  return [run?.status, run?.outcome, run?.error?.class, held?.cause, event?.outcome, unsettled].join(' ');
}

function baseOf(
  { first, last, count }: LabelRange,
  dataset: string,
  input: StageInput | undefined,
  head: Head | undefined,
): Omit<MissingFact, 'unsettled' | 'producer' | 'newest'> {
  const need = input?.window === 'as_of' ? 'newest' : input?.window === 'latest' ? 'any' : 'label';
  return { dataset, first, last, count, need, on: input?.on ?? [], event: head?.event ?? null };
}

async function traceProducer(
  tracing: Tracing,
  dataset: string,
  timelabel: Timelabel,
  head: Head | undefined,
  known: {
    readonly newest: NewestFact | null;
    readonly since: ReadonlyMap<string, Date>;
    readonly depth: number;
  },
): Promise<Pick<MissingFact, 'producer' | 'newest'>> {
  const stage = producerOf(tracing.table, dataset);
  if (stage === undefined || !isOnGrid(stage.period, timelabel))
    return { producer: null, newest: known.newest };
  const run = head?.run ?? null;
  const target = { stage, timelabel };
  const asks = run === null || run.status === 'WAITING' || run.status === 'SUCCESS';
  const { client, configs, table } = tracing;
  const [preview] = asks ? await previewOpening(client, configs, table, [target]) : [];
  const behind =
    preview === undefined ? [] : await traceMissing(tracing, preview, preview.missing, known.depth + 1);
  const producer = {
    stage: stage.id,
    isCheck: stage.work.kind === 'check',
    run,
    held: head?.held ?? null,
    pause: tracing.pauses.find(({ scope }) => scope === stage.id || scope === stage.pipeline) ?? null,
    due: labelDue(stage, timelabel),
    since: known.since.get(stage.id) ?? null,
    opening: preview?.opening ?? null,
    behind,
  };
  return { producer, newest: null };
}

type HeadRow = Partial<ProducerRun> & {
  readonly dataset: string;
  readonly timelabel: string;
  readonly event: { readonly outcome: string; readonly revision: number; readonly receivedAt: string } | null;
  readonly cause: HeldFact['cause'] | null;
  readonly since: Date | null;
};

/** The newest event and the newest run of each missing label, and what holds it; one statement for any number. */
async function readHeads(
  { client, table }: Tracing,
  missing: readonly MissingInput[],
): Promise<ReadonlyMap<string, Head>> {
  const found = await client.query<HeadRow>({
    name: 'why-heads',
    text: `select m.dataset, m.timelabel, e.event, r.revision, r.status, coalesce(r.outcome, ended.event->>'outcome') as outcome,
                  r.opened_at as "openedAt", r.started_at as "startedAt", r.closed_at as "closedAt", r.late_at as "lateAt", r.attempt,
                  nullif(ended.event->'error', 'null') as error, h.cause, h.held_at as since
             from unnest($1::text[], $2::text[], $3::text[]) m(dataset, timelabel, stage)
             left join lateral (select jsonb_build_object('outcome', coalesce(outcome, status), 'revision', revision,
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
  return new Map(found.rows.map((row) => [`${row.dataset} ${row.timelabel}`, headOf(row)]));
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
