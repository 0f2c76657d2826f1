import type { GlueSession } from '../../connectors/glue/call.ts';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { neutralColumns } from '../../connectors/glue/neutral-types.ts';
import { putPartition } from '../../connectors/glue/partition.ts';
import { stagedFolders } from '../../connectors/glue/staged-folders.ts';
import { upsertTable, type TableName } from '../../connectors/glue/table.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import type { Column } from '../../pipeline/column.ts';
import type { GlueConnection, S3Connection } from '../../pipeline/connection.ts';
import { parseDataset, type DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';
import type { RegisterWork } from '../../pipeline/stage.ts';
import type { RunInput, StageOutput, StageRun, StageRunner, StageTools } from './runner.ts';

/** A staged batch as its manifest describes it, and where that manifest lies. */
interface StagedBatch {
  readonly input: RunInput;
  readonly uri: string;
  readonly manifest: Manifest;
}

/**
 * Makes a staged batch readable through Glue: the table (created, or widened by new columns) and the partition of the
 * label, which points to the files of exactly this revision. A batch without files gets a partition on an empty
 * folder, so that the label counts as present. Called again it finds everything done; a revision that is older than
 * the registered one changes nothing. The output's uri is the manifest, so that a load may follow.
 */
export const registerStage: StageRunner<RegisterWork> = async (run, tools) => {
  const table = tableOf(run, tools);
  const batches = await readBatches(run, tools);
  const client = createGlueClient(regionOf(glueOf(run, tools)));
  try {
    const session: GlueSession = { client, signal: tools.signal };
    let columns: readonly Column[] | null = null;
    for (const batch of batches) {
      columns = await registerBatch(session, table, batch);
      tools.heartbeat({ registered: batch.input.timelabel });
    }
    return describeOutput(batches, columns);
  } finally {
    client.destroy();
  }
};

/** Answers the columns that the table has then: it keeps those that the source has lost. */
async function registerBatch(
  session: GlueSession,
  table: TableName,
  batch: StagedBatch,
): Promise<readonly Column[]> {
  const { columns, rows, bytes } = batch.manifest.reefline;
  const folders = stagedFolders(batch.uri, batch.manifest);
  const upserted = await upsertTable(session, { ...table, columns, location: folders.table });
  await putPartition(session, {
    ...table,
    timelabel: batch.input.timelabel,
    revision: batch.input.revision,
    location: folders.partition,
    columns: upserted.partition,
    rows,
    bytes,
  });
  return neutralColumns(upserted.columns);
}

async function readBatches(run: StageRun<RegisterWork>, tools: StageTools): Promise<readonly StagedBatch[]> {
  const inputs = run.inputs.filter((input) => input.dataset === run.stage.work.from);
  if (inputs.length === 0) {
    throw new StageFailure(
      'invalid_config',
      `Stage ${run.stage.id} registers ${run.stage.work.from}, which is not among the inputs of its run.`,
    );
  }
  const client = createS3Client(regionOf(stagingOf(run, tools)));
  try {
    const batches: StagedBatch[] = [];
    for (const input of inputs.toSorted((a, b) => (a.timelabel < b.timelabel ? -1 : 1))) {
      const uri = uriOf(input);
      const manifest = await readManifest(client, uri, tools.signal);
      checkManifest(input, uri, manifest);
      batches.push({ input, uri, manifest });
      tools.heartbeat({ read: input.timelabel });
    }
    return batches;
  } finally {
    client.destroy();
  }
}

function uriOf(input: RunInput): string {
  if (input.uri !== null) return input.uri;
  throw new StageFailure(
    'data_error',
    `The event of ${input.dataset} at ${input.timelabel} names no manifest, so there is nothing to register. ` +
      'Send it again with uri set to the s3:// address of the manifest.',
    { facts: { dataset: input.dataset, timelabel: input.timelabel, revision: input.revision } },
  );
}

/** A manifest of another dataset or label would be registered under the wrong partition for good. */
function checkManifest(input: RunInput, uri: string, { reefline }: Manifest): void {
  const facts = { uri, dataset: reefline.dataset, timelabel: reefline.timelabel };
  if (reefline.dataset !== input.dataset || reefline.timelabel !== input.timelabel) {
    throw new StageFailure(
      'data_error',
      `Manifest ${uri} describes ${reefline.dataset} at ${reefline.timelabel}, but the event that names it is of ` +
        `${input.dataset} at ${input.timelabel}. Correct the sender of the event.`,
      { facts },
    );
  }
  if (reefline.format !== 'parquet') {
    throw new StageFailure(
      'data_error',
      `Manifest ${uri} lists ${reefline.format} files, and a registered table holds Parquet. ` +
        'Extract the dataset with format parquet.',
      { facts },
    );
  }
}

function describeOutput(batches: readonly StagedBatch[], columns: readonly Column[] | null): StageOutput {
  const newest = batches.at(-1);
  return {
    rows: batches.reduce((sum, { manifest }) => sum + manifest.reefline.rows, 0),
    bytes: batches.reduce((sum, { manifest }) => sum + manifest.reefline.bytes, 0),
    // Several labels in one run have no manifest in common.
    uri: batches.length === 1 && newest !== undefined ? newest.uri : null,
    columns,
  };
}

function tableOf(run: StageRun<RegisterWork>, tools: StageTools): TableName {
  const { schema, table } = nameOf(run.stage.output);
  const prefix = glueOf(run, tools).databasePrefix ?? '';
  // Glue folds names; folded here, messages and requests show what the catalog has.
  return { database: `${prefix}${schema}`.toLowerCase(), table: table.toLowerCase() };
}

function glueOf(run: StageRun<RegisterWork>, tools: StageTools): GlueConnection {
  const { connection: name } = nameOf(run.stage.output);
  const connection = tools.connection(name);
  if (connection.kind === 'glue') return connection;
  throw wrongKind(run, name, connection.kind, 'glue');
}

function stagingOf(run: StageRun<RegisterWork>, tools: StageTools): S3Connection {
  const { connection: name } = nameOf(run.stage.work.from);
  const connection = tools.connection(name);
  if (connection.kind === 's3') return connection;
  throw wrongKind(run, name, connection.kind, 's3');
}

function wrongKind(
  run: StageRun<RegisterWork>,
  name: string,
  actual: string,
  needed: 'glue' | 's3',
): StageFailure {
  const side = needed === 'glue' ? 'writes to' : 'reads from';
  return new StageFailure(
    'invalid_config',
    `Stage ${run.stage.id} ${side} connection ${name} of kind ${actual}; a register stage needs kind ${needed} there.`,
  );
}

function nameOf(dataset: string): DatasetName {
  const name = parseDataset(dataset);
  if (name === undefined) throw new StageFailure('invalid_config', `${dataset} is no dataset id.`);
  return name;
}

function regionOf(connection: { readonly region?: string }): { readonly region?: string } {
  return connection.region === undefined ? {} : { region: connection.region };
}
