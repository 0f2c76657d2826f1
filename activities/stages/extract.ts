import { createS3Client } from '../../connectors/s3/client.ts';
import { manifestUri, type StagedRevision } from '../../connectors/s3/location.ts';
import { writeManifest } from '../../connectors/s3/manifest.ts';
import { putObject } from '../../connectors/s3/put-object.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { parseDataset, type DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest, ManifestEntry, StagedDeletes } from '../../pipeline/manifest.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import type { StagedFormat } from '../../pipeline/staged-format.ts';
import { typeChange } from '../../pipeline/type-change.ts';
import { collectLeftovers } from './collect-leftovers.ts';
import { findEarlierKeys, forgetKeys } from './earlier-keys.ts';
import { openSourceTable } from './extract-source.ts';
import type { StageRun, StageRunner, StageTools } from './runner.ts';
import { stageDeletes } from './stage-deletes.ts';
import { stageFiles, type FilesProgress, type FilesTarget } from './stage-files.ts';
import { stageKeys } from './stage-keys.ts';
import { contentType } from './staged-file.ts';

/** Milliseconds between two heartbeats. */
const HEARTBEAT_INTERVAL = 2_000;

/** An attempt is given up for dead after its timeout and one day. Milliseconds. */
const LIFE_MARGIN = 86_400_000;

interface ExtractProgress extends FilesProgress {
  /** Keys read so far, of an extract that detects deletes. */
  keys: number | undefined;
}

/**
 * Reads a table of PostgreSQL or MySQL, or the rows of the run's interval, into files in S3, and publishes the manifest
 * last. Each attempt writes into a folder of its own, so a killed or late one leaves nothing that anybody reads:
 * whichever manifest stands, its files are complete. The range comes from the run alone, so a retry reads the same.
 */
export const extractStage: StageRunner<ExtractWork> = async (run, tools) => {
  const { work } = run.stage;
  const source = datasetOf(work.from);
  const staged = stagedRevision(run, tools);
  const progress: ExtractProgress = { files: 0, rows: 0, open: new Set(), keys: undefined };
  const beat = setInterval(() => {
    tools.heartbeat(heartbeatOf(progress));
  }, HEARTBEAT_INTERVAL);
  const client = createS3Client({ region: staged.region });
  const failed = new AbortController();
  const signal = AbortSignal.any([tools.signal, failed.signal]);
  try {
    tools.heartbeat(heartbeatOf(progress));
    const deadline = Date.now() - run.stage.timeoutSeconds * 1_000 - LIFE_MARGIN;
    const earlier = run.stage.work.detectDeletes
      ? await findEarlierKeys(client, staged, deadline, tools.signal)
      : undefined;
    const target: FilesTarget = {
      staged,
      format: formatOf(run),
      write: (file, uri) => putObject(client, uri, file, { contentType: contentType(formatOf(run)), signal }),
      stop: (reason) => {
        failed.abort(reason);
      },
    };
    const { columns, entries, compared } = await openSourceTable(
      run,
      source,
      { ...tools, signal },
      async (table) => {
        refuseRetyped(work.from, table.columns, run.knownColumns);
        const files = await stageFiles(run, table, target, progress);
        if (earlier === undefined) return { columns: table.columns, entries: files };
        const onKeys = (read: number): void => {
          progress.keys = read;
        };
        const now = await stageKeys(client, run, staged, table, { signal, onKeys });
        return { columns: table.columns, entries: files, compared: { earlier, now } };
      },
    );
    const deletes = compared && (await stageDeletes(client, run, staged, compared, tools.signal));
    const manifest = manifestOf(run, columns, entries, deletes);
    const uri = manifestUri(staged);
    await writeManifest(client, uri, manifest, tools.signal);
    if (earlier !== undefined) await forgetKeys(client, staged, earlier, tools.signal);
    await collectLeftovers(client, staged, { deadline, start: run.interval.start }, tools.signal);
    return { rows: manifest.reefline.rows, bytes: manifest.reefline.bytes, uri, columns };
  } catch (error) {
    // What was stopped because of a failure says only that it was stopped.
    throw failed.signal.aborted && !tools.signal.aborted ? failed.signal.reason : error;
  } finally {
    clearInterval(beat);
    client.destroy();
  }
};

function manifestOf(
  run: StageRun<ExtractWork>,
  columns: readonly Column[],
  entries: readonly ManifestEntry[],
  deletes: StagedDeletes | undefined,
): Manifest {
  const rows = rowsIn(entries);
  const bytes = entries.reduce((sum, { meta }) => sum + meta.content_length, 0);
  const { stage, timelabel, revision } = run;
  const about = { dataset: stage.output, timelabel, revision, ...formatOf(run), columns, rows, bytes };
  return { entries, reefline: { version: 1, ...about, ...(deletes === undefined ? {} : { deletes }) } };
}

function formatOf({ stage }: StageRun<ExtractWork>): StagedFormat {
  const { format, compression } = stage.work;
  return { format, compression: compression ?? 'zstd' };
}

function heartbeatOf({ files, rows, open, keys }: ExtractProgress): Readonly<Record<string, number>> {
  const told = { rows: [...open].reduce((sum, file) => sum + file.rows, rows), files };
  return keys === undefined ? told : { ...told, keys };
}

function rowsIn(entries: readonly ManifestEntry[]): number {
  return entries.reduce((sum, { meta }) => sum + meta.rows, 0);
}

/**
 * New and missing columns, and types that hold the old values or whose values the old type holds, are told by events, and
 * each destination takes them as it can (docs/schema-changes.md). Any other type no destination could take.
 */
function refuseRetyped(source: string, columns: readonly Column[], known: readonly Column[] | null): void {
  for (const column of columns) {
    const before = known?.find(({ name }) => name === column.name);
    if (before === undefined || typeChange(before.type, column.type) !== 'incompatible') continue;
    const [old, now] = [describeType(before.type), describeType(column.type)];
    throw new StageFailure(
      'data_error',
      `Column ${source}.${column.name} was of type ${old} and is now ${now}, which does not hold the values of before. Change it back, ` +
        `extract a view that casts it to ${old}, or extract into a new dataset.`,
      { facts: { table: source, column: column.name, before: old, after: now } },
    );
  }
}

function stagedRevision(
  { stage, timelabel, revision }: StageRun,
  tools: StageTools,
): StagedRevision & { readonly region: string | undefined } {
  const dataset = datasetOf(stage.output);
  const connection = tools.connection(dataset.connection);
  if (connection.kind !== 's3') {
    throw new StageFailure(
      'invalid_config',
      `The stage ${stage.id} extracts into ${stage.output}, but "${dataset.connection}" is of kind ` +
        `${connection.kind}. Name a connection of kind s3.`,
    );
  }
  const { bucket, prefix, region } = connection;
  return { bucket, prefix, region, dataset, timelabel, revision };
}

function datasetOf(id: string): DatasetName {
  const name = parseDataset(id);
  if (name !== undefined) return name;
  throw new StageFailure('invalid_config', `"${id}" is no dataset: expected <connection>.<schema>.<table>.`);
}
