import type pg from 'pg';
import { parseDataset } from '../pipeline/dataset.ts';
import type { EventFact, NewestFact, RejectedFact, VerdictFact } from '../pipeline/explanation-facts.ts';

const VERDICTS = 300;
const EVENTS = 20;
const REJECTED = 3;
/** Newest rejections that are looked through. */
const LOOKED_THROUGH = 1000;

const VERDICT_COLUMNS = `v.event_id as "eventId", e.dataset, e.timelabel as "eventLabel", e.revision as "eventRevision",
  coalesce(e.outcome, e.status, '') as outcome, v.stage, v.timelabel, v.verdict, v.reason, v.decided_at as "decidedAt"`;

/** What routing decided about events for a (stage, label), the newest of them, the oldest of those first. */
export async function readUpstreamVerdicts(
  client: pg.PoolClient,
  stage: string,
  timelabel: string,
): Promise<readonly VerdictFact[]> {
  const found = await client.query<VerdictFact>({
    name: 'why-verdicts',
    text: `select * from (
             select ${VERDICT_COLUMNS}
               from reefline.verdict v join reefline.data_event e using (event_id)
              where v.stage = $1 and v.timelabel = $2 order by v.decided_at desc limit $3) newest
            order by "decidedAt", "eventId"`,
    values: [stage, timelabel, VERDICTS],
  });
  return found.rows;
}

/** What routing decided about one event. */
export async function readDownstreamVerdicts(
  client: pg.PoolClient,
  eventId: string,
): Promise<readonly VerdictFact[]> {
  const found = await client.query<VerdictFact>({
    name: 'why-downstream',
    text: `select ${VERDICT_COLUMNS}
             from reefline.verdict v join reefline.data_event e using (event_id)
            where v.event_id = $1 order by v.stage, v.timelabel limit $2`,
    values: [eventId, VERDICTS],
  });
  return found.rows;
}

/** The newest data events of a label, the oldest of them first. */
export async function readEventFacts(
  client: pg.PoolClient,
  dataset: string,
  timelabel: string,
): Promise<readonly EventFact[]> {
  const found = await client.query<EventFact>({
    name: 'why-events',
    text: `select * from (
             select event_id as "eventId", revision, coalesce(outcome, status, '') as outcome, stage, propagates,
                    received_at as "receivedAt", nullif(body->'error', 'null') as error
               from reefline.data_event where dataset = $1 and timelabel = $2 and event_type = 'data'
              order by revision desc limit $3) newest
            order by "receivedAt", revision`,
    values: [dataset, timelabel, EVENTS],
  });
  return found.rows;
}

/** The newest label of each dataset that the log has any of. */
export async function readNewestLabels(
  client: pg.PoolClient,
  datasets: readonly string[],
): Promise<ReadonlyMap<string, NewestFact>> {
  if (datasets.length === 0) return new Map();
  const found = await client.query<NewestFact & { dataset: string }>({
    name: 'why-newest-labels',
    text: `select d.dataset, e.timelabel, e.received_at as "receivedAt"
             from unnest($1::text[]) d(dataset)
            cross join lateral (select timelabel, received_at from reefline.data_event
              where dataset = d.dataset and event_type = 'data' order by timelabel desc, revision desc limit 1) e`,
    values: [[...new Set(datasets)]],
  });
  return new Map(found.rows.map(({ dataset, ...newest }) => [dataset, newest]));
}

/** Messages that could not be taken and name both the table of the dataset and the label. */
export async function readRejectedFacts(
  client: pg.PoolClient,
  dataset: string,
  timelabel: string,
): Promise<readonly RejectedFact[]> {
  const table = parseDataset(dataset)?.table;
  if (table === undefined) return [];
  const found = await client.query<RejectedFact>({
    name: 'why-rejected',
    text: `select field, reason, last_received_at as at
             from (select * from reefline.rejected_event order by last_received_at desc limit $4) newest
            where position($1 in raw) > 0 and position($2 in raw) > 0 order by at desc limit $3`,
    values: [table, timelabel, REJECTED, LOOKED_THROUGH],
  });
  return found.rows;
}
