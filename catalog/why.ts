import type pg from 'pg';
import type { StandingFacts, RunFact } from '../pipeline/explanation-facts.ts';
import { labelDue } from '../pipeline/label-due.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { isOnGrid, labelAt, type Timelabel } from '../pipeline/timelabel.ts';
import type { ConfigStore } from './config-store.ts';
import { inTransaction } from './connect.ts';
import { previewOpening } from './preview-opening.ts';
import { readConfigChanges, readStageSince } from './why-config.ts';
import {
  readDownstreamVerdicts,
  readEventFacts,
  readNewestLabels,
  readRejectedFacts,
  readUpstreamVerdicts,
} from './why-events.ts';
import { traceMissing, type Tracing } from './why-missing.ts';
import { readRefusedFacts } from './why-refused.ts';
import { readNoteFacts, readRunFacts, type RunsOfLabel } from './why-runs.ts';
import { readSilentInputs } from './why-silent.ts';
import { readBackfillFacts, readCheckFacts, readHeld, readPauseFacts } from './why-surroundings.ts';

/** A label of a stage, or of a dataset that a service outside reports. */
export interface LabelSubject {
  readonly asked: string;
  readonly dataset: string;
  /** Null when no stage has ever made the dataset. */
  readonly stageId: string | null;
  readonly timelabel: Timelabel;
}

const NO_RUNS: RunsOfLabel = { runs: [], runCount: 0 };

/** Reads, at one instant and without writing, everything that explains how a label stands. */
export async function readStandingFacts(
  db: pg.Pool,
  configs: ConfigStore,
  subject: LabelSubject,
  now: number,
): Promise<StandingFacts> {
  return inTransaction(db, async (client) => {
    await client.query('set transaction isolation level repeatable read read only');
    const table = await configs.current(client);
    const { stageId, timelabel } = subject;
    const stage = table.stages.get(stageId ?? '') ?? null;
    const ledger = await readLedgerFacts(client, table, stageId, timelabel);
    const reported = await readReportedFacts(client, table, subject, ledger.runs.length === 0);
    const pauses = await readPauseFacts(client);
    const decided =
      stage !== null && isOnGrid(stage.period, timelabel)
        ? await readDecision({ client, configs, table, pauses, now }, stage, timelabel)
        : { opening: null, silent: [], missing: [], missingCount: 0, due: null };
    return {
      ...subject,
      stage,
      now: new Date(now),
      dependents: (table.dependents.get(subject.dataset) ?? []).map((dependent) => dependent.stage.id),
      config: await readConfigFact(client, table, stageId, ledger.runs),
      ...ledger,
      ...reported,
      ...decided,
      pauses: pauses.filter(({ scope }) => scope === stageId || scope === stage?.pipeline),
      workflow: null,
    };
  });
}

type LedgerFacts = Pick<
  StandingFacts,
  'runs' | 'runCount' | 'notes' | 'verdicts' | 'held' | 'backfills' | 'refused'
>;

async function readLedgerFacts(
  client: pg.PoolClient,
  table: RoutingTable,
  stage: string | null,
  timelabel: string,
): Promise<LedgerFacts> {
  if (stage === null) return { ...NO_RUNS, notes: [], verdicts: [], held: null, backfills: [], refused: [] };
  const ran = await readRunFacts(client, stage, timelabel);
  const newest = ran.runs.at(-1);
  return {
    ...ran,
    refused:
      newest?.status === 'SUCCESS'
        ? await readRefusedFacts(client, table, { stage, timelabel, revision: newest.revision })
        : [],
    notes: await readNoteFacts(client, stage, timelabel),
    verdicts: await readUpstreamVerdicts(client, stage, timelabel),
    held: await readHeld(client, stage, timelabel),
    backfills: await readBackfillFacts(client, stage, timelabel),
  };
}

type ReportedFacts = Pick<StandingFacts, 'events' | 'downstream' | 'checks' | 'newest' | 'rejected'>;

async function readReportedFacts(
  client: pg.PoolClient,
  table: RoutingTable,
  { dataset, timelabel }: LabelSubject,
  neverRan: boolean,
): Promise<ReportedFacts> {
  const events = await readEventFacts(client, dataset, timelabel);
  const newestEvent = events.reduce<(typeof events)[number] | undefined>(
    (best, event) => (best === undefined || event.revision > best.revision ? event : best),
    undefined,
  );
  return {
    events,
    downstream: newestEvent === undefined ? [] : await readDownstreamVerdicts(client, newestEvent.eventId),
    checks: await readCheckFacts(client, table, dataset, timelabel),
    newest: (await readNewestLabels(client, [dataset])).get(dataset) ?? null,
    rejected: neverRan ? await readRejectedFacts(client, dataset, timelabel) : [],
  };
}

async function readDecision(
  tracing: Tracing,
  stage: StageDefinition,
  timelabel: Timelabel,
): Promise<Pick<StandingFacts, 'opening' | 'silent' | 'missing' | 'missingCount' | 'due'>> {
  const { client, configs, table } = tracing;
  const [preview] = await previewOpening(client, configs, table, [{ stage, timelabel }]);
  const due = labelDue(stage, timelabel);
  if (preview === undefined) return { opening: null, silent: [], missing: [], missingCount: 0, due };
  const missing = await traceMissing(tracing, preview, preview.missing);
  const silent = await readSilentInputs(client, preview);
  return { opening: preview.opening, silent, missing, missingCount: preview.missing.length, due };
}

async function readConfigFact(
  client: pg.PoolClient,
  table: RoutingTable,
  stage: string | null,
  runs: readonly RunFact[],
): Promise<StandingFacts['config']> {
  const version = table.configVersion;
  if (stage === null) return { version, stageSince: null, changes: [] };
  const since = await readStageSince(client, version, table.stages.has(stage) ? [stage] : []);
  const first = runs[0]?.configVersion ?? version;
  return {
    version,
    stageSince: since.get(stage) ?? null,
    changes: await readConfigChanges(client, stage, first),
  };
}

/** The newest label of a stage in the ledger, or of its dataset in the log, whose interval has begun. */
export async function readNewestLabel(
  db: pg.Pool,
  { stageId, dataset }: Pick<LabelSubject, 'stageId' | 'dataset'>,
  now: number,
): Promise<string | null> {
  const found = await db.query<{ timelabel: string | null }>({
    name: 'why-newest-label',
    text: `select greatest(
             (select max(timelabel) from reefline.stage_run where stage = $1 and timelabel <= $3),
             (select max(timelabel) from reefline.held_run where stage = $1 and timelabel <= $3),
             (select max(timelabel) from reefline.data_event where dataset = $2 and event_type = 'data' and timelabel <= $3)) as timelabel`,
    values: [stageId, dataset, labelAt(now)],
  });
  return found.rows[0]?.timelabel ?? null;
}

/** A stage that was in the configuration once, by its id or by the dataset that it made; null when there was none. */
export async function findFormerStage(
  db: pg.Pool,
  name: string,
): Promise<{ readonly stageId: string; readonly dataset: string } | null> {
  const found = await db.query<{ stageId: string; dataset: string }>({
    name: 'why-former-stage',
    text: `select id as "stageId", output as dataset from reefline.stage where id = $1 or output = $1
            order by config_version desc limit 1`,
    values: [name],
  });
  return found.rows[0] ?? null;
}
