import { upsertRecords } from '../../connectors/salesforce/publish.ts';
import { JobLog } from '../../connectors/salesforce/resume.ts';
import { openOrg } from '../../connectors/salesforce/session.ts';
import { describeTarget } from '../../connectors/salesforce/target.ts';
import type { SalesforceConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import { badKeyFailure } from '../../pipeline/failed-rows.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { PublishWork } from '../../pipeline/stage.ts';
import { publishRecord, type PublishRecord } from './publish-record.ts';
import { openPublishSource, type PublishSource } from './publish-source.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';

/** A statement of the warehouse may run longer than a heartbeat may be missing. */
const PULSE_MS = 5_000;

interface Destination {
  readonly name: DatasetName;
  readonly connection: SalesforceConnection;
}

interface Source {
  readonly source: PublishSource;
  readonly record: PublishRecord;
  readonly log: JobLog;
}

/**
 * Upserts rows of a warehouse table into an object, by external id. Salesforce has no place for a marker, so the warehouse
 * keeps it, and beside it the rows that the org refused. A run that dies before its marker is there sends nothing again that
 * a job has taken, as long as Temporal has the last heartbeat, and otherwise sends the same values again.
 */
export async function publishToSalesforce(
  run: StageRun<PublishWork>,
  tools: StageTools,
  destination: Destination,
): Promise<StageOutput> {
  const log = new JobLog(tools);
  const pulse = setInterval(log.beat, PULSE_MS);
  let source: PublishSource | undefined;
  try {
    source = await openPublishSource(run.stage.work.from, tools, log);
    const label = { dataset: run.stage.output, timelabel: run.timelabel, revision: run.revision };
    const record = publishRecord(source.opened, label, log);
    await record.prepare();
    const known = await record.published(run.stage.work.rows === 'all');
    if (known !== undefined) return outputOf(known);
    const rows = await send(run, destination, { source, record, log });
    await record.record(rows);
    return outputOf(rows);
  } finally {
    clearInterval(pulse);
    await source?.close();
  }
}

/** The fields of an object are made in Salesforce, so the event names no columns. */
function outputOf(rows: number): StageOutput {
  return { rows, bytes: null, uri: null, columns: null };
}

/** Answers how many rows the org took. */
async function send(
  run: StageRun<PublishWork>,
  { name, connection }: Destination,
  { source, record, log }: Source,
): Promise<number> {
  const { work, output: dataset } = run.stage;
  const key = source.nameOf(keyOf(run));
  // A publish may be coarser than its source: then one label of it sends the rows of all its input labels.
  const labels = work.rows === 'label' ? run.inputs.map((input) => input.timelabel) : undefined;
  const columns = await source.columns(labels !== undefined);
  const org = await openOrg(name.connection, connection, log.signal);
  const fields = Object.fromEntries(
    Object.entries(work.fields ?? {}).map(([column, field]) => [source.nameOf(column), field]),
  );
  const target = await describeTarget(org, { object: name.table, columns, key, fields });
  const bad = await source.badKey(key, labels);
  const { timelabel, revision } = run;
  if (bad !== undefined) throw badKeyFailure(bad, source.name, key, { dataset, timelabel, revision });
  const spread = columns.filter((column) => column.name === key);
  const tally = { sent: 0, failed: 0 };
  // What earlier attempts kept stays until this one has something to put in its place.
  let cleared = false;
  const clear = async (): Promise<void> => {
    if (!cleared) await record.clear();
    cleared = true;
  };
  await upsertRecords(
    org,
    {
      target,
      pages: source.rows({ columns, labels, order: key, spread }),
      ended: async (job, sent, failed) => {
        await clear();
        const rows = failed.map((row) => ({ ...row, sent: JSON.stringify(row.sent) }));
        if (rows.length > 0) await record.keep({ job, rows });
        tally.sent += sent;
        tally.failed += failed.length;
        refuseTooMany(run, record.select, tally, failed[0]);
      },
    },
    log,
  );
  await clear();
  return tally.sent - tally.failed;
}

function keyOf(run: StageRun<PublishWork>): string {
  const [key, second] = run.stage.work.key;
  if (key !== undefined && second === undefined) return key;
  throw new StageFailure('invalid_config', `${run.stage.id} must name one key column, the external id.`);
}

function refuseTooMany(
  run: StageRun<PublishWork>,
  select: string,
  { sent, failed }: { readonly sent: number; readonly failed: number },
  sample: { readonly key: string; readonly code: string; readonly message: string } | undefined,
): void {
  const { work, output } = run.stage;
  const tolerated = work.maxFailedRows ?? 0;
  if (failed <= tolerated) return;
  const first =
    sample === undefined
      ? ''
      : ` One of them: key ${sample.key}, ${sample.code}: ${sample.message.slice(0, 300)}.`;
  throw new StageFailure(
    'data_error',
    `Salesforce refused ${String(failed)} of ${String(sent)} rows of ${output} for label ${run.timelabel}; max_failed_rows is ${String(tolerated)}.${first} ` +
      `The others are there. All refused ones: ${select}.`,
    { facts: { dataset: output, timelabel: run.timelabel, failed, sent, tolerated } },
  );
}
