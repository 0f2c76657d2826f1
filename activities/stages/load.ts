import { openWarehouse } from '../../connectors/redshift/client.ts';
import { copyStatements, type StagedManifest } from '../../connectors/redshift/copy-statements.ts';
import { trackProgress } from '../../connectors/redshift/progress.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import type { Column } from '../../pipeline/column.ts';
import { parseDataset } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';
import type { LoadWork } from '../../pipeline/stage.ts';
import { applyBatch } from './apply-batch.ts';
import type { StageRun, StageRunner, StageTools } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

/** Copies the staged batches of one label into a Redshift table. */
export const loadStage: StageRunner<LoadWork> = async (run, tools) => {
  const { output } = run.stage;
  const { connection, table } = warehouseTarget(output, tools);
  const batches = await readBatches(run, tools);
  const incoming = commonColumns(batches);
  const marker = { dataset: output, timelabel: run.timelabel, revision: run.revision };
  const attempt = trackProgress(tools);
  const warehouse = openWarehouse(connection);
  try {
    const batch = {
      marker,
      target: table,
      incoming,
      fill: (staging: string) => copyStatements(staging, incoming, batches, connection.copyRole),
      wallClock: batches[0]?.manifest.reefline.format === 'parquet',
    };
    return await applyBatch(warehouse, run, batch, attempt);
  } finally {
    warehouse.client.destroy();
  }
};

async function readBatches(run: StageRun<LoadWork>, tools: StageTools): Promise<readonly StagedManifest[]> {
  const { from } = run.stage.work;
  const inputs = run.inputs.filter((input) => input.dataset === from);
  const [first] = inputs;
  if (first === undefined)
    throw new StageFailure(
      'invalid_config',
      `The run of ${run.stage.id} was opened without an input of ${from}.`,
    );
  const client = stageStore(from, tools);
  try {
    const batches: StagedManifest[] = [];
    for (const { uri, timelabel } of inputs) {
      if (uri === null)
        throw new StageFailure(
          'invalid_config',
          `The event of ${from} for label ${timelabel} names no manifest: only staged datasets can be loaded.`,
        );
      batches.push({ uri, manifest: await readManifest(client, uri) });
    }
    return batches;
  } finally {
    client.destroy();
  }
}

function stageStore(from: string, tools: StageTools): ReturnType<typeof createS3Client> {
  const name = parseDataset(from)?.connection ?? from;
  const connection = tools.connection(name);
  if (connection.kind === 's3')
    return createS3Client(connection.region === undefined ? {} : { region: connection.region });
  throw new StageFailure(
    'invalid_config',
    `Only datasets that are staged in S3 can be loaded; ${from} is of kind ${connection.kind}.`,
  );
}

/** Several labels go into one table at once, so their batches must have the same columns in the same kind of file. */
function commonColumns(batches: readonly StagedManifest[]): readonly Column[] {
  const [first, ...others] = batches.map(({ manifest }) => manifest.reefline);
  if (first === undefined) return [];
  const other = others.find((batch) => shapeOf(batch) !== shapeOf(first));
  if (other === undefined) return first.columns;
  throw new StageFailure(
    'data_error',
    `The columns of ${first.dataset} changed between labels ${first.timelabel} and ${other.timelabel}, which one load cannot take together. Fetch the older labels again.`,
    { facts: { dataset: first.dataset } },
  );
}

function shapeOf({ format, columns }: Manifest['reefline']): string {
  return JSON.stringify([format, columns.map(({ name, type }) => [name, type])]);
}
