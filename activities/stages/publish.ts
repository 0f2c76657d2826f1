import { publishRows } from '../../connectors/postgres/publish.ts';
import type { GoneRows, TextPages } from '../../connectors/postgres/publish-request.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import type { Column } from '../../pipeline/column.ts';
import type { PostgresConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import { USUAL_DELETE_LIMIT } from '../../pipeline/delete-limit.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { PublishWork } from '../../pipeline/stage.ts';
import { destinationOf } from './destination.ts';
import { publishToSalesforce } from './publish-salesforce.ts';
import { openPublishSource } from './publish-source.ts';
import type { StageOutput, StageRun, StageRunner, StageTools } from './runner.ts';

const PULSE_MS = 5_000;

/** Copies rows of a warehouse table into a serving table in PostgreSQL or an object in Salesforce, by key. */
export const publishStage: StageRunner<PublishWork> = async (run, tools) => {
  const { name, connection } = destinationOf(run.stage.output, tools);
  switch (connection.kind) {
    case 'postgres':
      return publishToPostgres(run, tools, { name, connection });
    case 'salesforce':
      return publishToSalesforce(run, tools, { name, connection });
    case 'mysql':
    case 's3':
    case 'glue':
    case 'redshift':
    case 'athena':
    case 'snowflake':
      throw new StageFailure(
        'invalid_config',
        `Reefline publishes to PostgreSQL and Salesforce; ${name.connection} is of kind ${connection.kind}.`,
      );
  }
};

async function publishToPostgres(
  run: StageRun<PublishWork>,
  tools: StageTools,
  serving: { readonly name: DatasetName; readonly connection: PostgresConnection },
): Promise<StageOutput> {
  const { work, output } = run.stage;
  const { watch } = trackProgress(tools);
  // A publish may be coarser than its source: then one label of it copies the rows of all its input labels.
  const whole = work.rows === 'all' || work.mode === 'replace';
  const labels = whole ? undefined : run.inputs.map((input) => input.timelabel);
  const source = await openPublishSource(work.from, tools, watch);
  const key = work.key.map(source.nameOf);
  // One statement in the serving database may run longer than a heartbeat may be missing.
  const pulse = setInterval(watch.beat, PULSE_MS);
  try {
    const columns = await source.columns(labels !== undefined);
    const spread = columns.filter(({ name }) => key.includes(name));
    // In the order of the key, which is the order of the rows.
    const keys = key.flatMap((name) => spread.filter((column) => column.name === name));
    const read = (selected: readonly Column[], of: readonly string[] | undefined) =>
      source.rows({ columns: selected, labels: of, spread });
    const rows = await publishRows(
      {
        connection: serving.name.connection,
        url: serving.connection.url,
        silenceSeconds: serving.connection.silenceSeconds,
        signal: tools.signal,
      },
      {
        marker: { dataset: output, timelabel: run.timelabel, revision: run.revision },
        target: serving.name,
        columns,
        key,
        wholeTable: work.rows === 'all',
        ...goneRows(work, whole ? undefined : () => read(keys, undefined)),
        pages: () => read(columns, labels),
      },
    );
    return { rows, bytes: null, uri: null, columns };
  } finally {
    clearInterval(pulse);
    await source.close();
  }
}

/** What happens to rows that the source has no more. `keys` reads those of the whole source, unless all of it is read anyway. */
function goneRows(work: PublishWork, keys: (() => TextPages) | undefined): { readonly gone?: GoneRows } {
  const of = work.mode === 'replace' ? 'any' : 'published';
  if (of === 'published' && work.deletes === undefined) return {};
  return { gone: { of, limit: work.maxDeleted ?? USUAL_DELETE_LIMIT, source: work.from, keys } };
}
