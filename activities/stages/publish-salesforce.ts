import { openWarehouse, type Warehouse } from '../../connectors/redshift/client.ts';
import { FAILED_ROWS, prepareFailedRows, writeFailedRows } from '../../connectors/redshift/failed-rows.ts';
import { storedName } from '../../connectors/redshift/names.ts';
import { publishedRows, recordPublished, refuseBadKeys } from '../../connectors/redshift/publish-source.ts';
import { tableColumns, tableRows } from '../../connectors/redshift/read-table.ts';
import { upsertRecords } from '../../connectors/salesforce/publish.ts';
import { JobLog } from '../../connectors/salesforce/resume.ts';
import { openOrg } from '../../connectors/salesforce/session.ts';
import { describeTarget } from '../../connectors/salesforce/target.ts';
import type { SalesforceConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { PublishWork } from '../../pipeline/stage.ts';
import type { StageOutput, StageRun, StageTools } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

interface Destination {
  readonly name: DatasetName;
  readonly connection: SalesforceConnection;
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
  const source = warehouseTarget(run.stage.work.from, tools);
  const warehouse = openWarehouse(source.connection);
  const log = new JobLog(tools);
  const marker = { dataset: run.stage.output, timelabel: run.timelabel, revision: run.revision };
  try {
    await prepareFailedRows(warehouse, log);
    const known = await publishedRows(warehouse, marker, run.stage.work.rows === 'all', log);
    if (known !== undefined) return outputOf(known);
    const rows = await send(run, destination, { warehouse, table: source.table, marker, log });
    await recordPublished(warehouse, marker, rows, log);
    return outputOf(rows);
  } finally {
    warehouse.client.destroy();
  }
}

/** The fields of an object are made in Salesforce, so the event names no columns. */
function outputOf(rows: number): StageOutput {
  return { rows, bytes: null, uri: null, columns: null };
}

interface Source {
  readonly warehouse: Warehouse;
  readonly table: ReturnType<typeof warehouseTarget>['table'];
  readonly marker: { readonly dataset: string; readonly timelabel: string; readonly revision: number };
  readonly log: JobLog;
}

/** Answers how many rows the org took. */
async function send(
  run: StageRun<PublishWork>,
  { name, connection }: Destination,
  { warehouse, table, marker, log }: Source,
): Promise<number> {
  const { work } = run.stage;
  const key = keyOf(run);
  // A publish may be coarser than its source: then one label of it sends the rows of all its input labels.
  const labels = work.rows === 'label' ? run.inputs.map((input) => input.timelabel) : undefined;
  const columns = await tableColumns(warehouse, table, labels !== undefined, log);
  const org = await openOrg(name.connection, connection, log.signal);
  const fields = Object.fromEntries(
    Object.entries(work.fields ?? {}).map(([column, field]) => [storedName(column), field]),
  );
  const target = await describeTarget(org, { object: name.table, columns, key, fields });
  await refuseBadKeys(warehouse, { table, key, labels }, marker, log);
  const tally = { sent: 0, failed: 0 };
  await upsertRecords(
    org,
    {
      target,
      pages: tableRows(
        warehouse,
        table,
        { columns, labels, order: key, spread: columns.filter(({ name }) => name === key) },
        log,
      ),
      ended: async (job, sent, failed) => {
        const rows = failed.map((row) => ({ ...row, sent: JSON.stringify(row.sent) }));
        await writeFailedRows(warehouse, { marker, job, rows }, log);
        tally.sent += sent;
        tally.failed += failed.length;
        refuseTooMany(run, tally, failed[0]);
      },
    },
    log,
  );
  return tally.sent - tally.failed;
}

function keyOf(run: StageRun<PublishWork>): string {
  const [key, second] = run.stage.work.key;
  if (key !== undefined && second === undefined) return storedName(key);
  throw new StageFailure('invalid_config', `${run.stage.id} must name one key column, the external id.`);
}

function refuseTooMany(
  run: StageRun<PublishWork>,
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
  const where = `${FAILED_ROWS.schema}.${FAILED_ROWS.table}`;
  throw new StageFailure(
    'data_error',
    `Salesforce refused ${String(failed)} of ${String(sent)} rows of ${output} for label ${run.timelabel}; max_failed_rows is ${String(tolerated)}.${first} ` +
      `The others are there. All refused ones: SELECT row_key, error_code, error FROM ${where} WHERE dataset = '${output}' AND reefline_timelabel = '${run.timelabel}' AND revision = ${String(run.revision)}.`,
    { facts: { dataset: output, timelabel: run.timelabel, failed, sent, tolerated } },
  );
}
