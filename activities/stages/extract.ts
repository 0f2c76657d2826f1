import { createS3Client } from '../../connectors/s3/client.ts';
import { manifestUri, partUri, type StagedRevision } from '../../connectors/s3/location.ts';
import { writeManifest } from '../../connectors/s3/manifest.ts';
import { putObject, type StoredObject } from '../../connectors/s3/put-object.ts';
import { describeType, type Column } from '../../pipeline/column.ts';
import { parseDataset, type DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest, ManifestEntry, StagedDeletes } from '../../pipeline/manifest.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import { fileEnding, type StagedFormat } from '../../pipeline/staged-format.ts';
import { typeChange } from '../../pipeline/type-change.ts';
import { collectLeftovers } from './collect-leftovers.ts';
import { findEarlierKeys, forgetKeys } from './earlier-keys.ts';
import { openSourceTable, type SourceTable } from './extract-source.ts';
import type { StageRun, StageRunner, StageTools } from './runner.ts';
import { stageDeletes } from './stage-deletes.ts';
import { stageKeys } from './stage-keys.ts';
import { contentType, openStagedFile, type StagedFile } from './staged-file.ts';

/** Milliseconds between two heartbeats. */
const HEARTBEAT_INTERVAL = 2_000;

/** An attempt is given up for dead after its timeout and one day. Milliseconds. */
const LIFE_MARGIN = 86_400_000;

/** Files that are complete, and the one that is being written. */
interface ExtractProgress {
  readonly entries: ManifestEntry[];
  file: StagedFile | undefined;
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
  const progress: ExtractProgress = { entries: [], file: undefined, keys: undefined };
  const beat = setInterval(() => {
    tools.heartbeat(heartbeatOf(progress));
  }, HEARTBEAT_INTERVAL);
  const client = createS3Client({ region: staged.region });
  try {
    tools.heartbeat(heartbeatOf(progress));
    const deadline = Date.now() - run.stage.timeoutSeconds * 1_000 - LIFE_MARGIN;
    const earlier = run.stage.work.detectDeletes
      ? await findEarlierKeys(client, staged, deadline, tools.signal)
      : undefined;
    const { columns, entries, compared } = await openSourceTable(run, source, tools, async (table) => {
      refuseRetyped(work.from, table.columns, run.knownColumns);
      const writeFile = async (file: StagedFile, uri: string): Promise<StoredObject> =>
        putObject(client, uri, file, { contentType: contentType(formatOf(run)), signal: tools.signal });
      const files = await stageFiles(run, staged, table, progress, writeFile);
      if (earlier === undefined) return { columns: table.columns, entries: files };
      const onKeys = (read: number): void => {
        progress.keys = read;
      };
      const now = await stageKeys(client, run, staged, table, { signal: tools.signal, onKeys });
      return { columns: table.columns, entries: files, compared: { earlier, now } };
    });
    const deletes = compared && (await stageDeletes(client, run, staged, compared, tools.signal));
    const manifest = manifestOf(run, columns, entries, deletes);
    const uri = manifestUri(staged);
    await writeManifest(client, uri, manifest, tools.signal);
    if (earlier !== undefined) await forgetKeys(client, staged, earlier, tools.signal);
    await collectLeftovers(client, staged, { deadline, start: run.interval.start }, tools.signal);
    return { rows: manifest.reefline.rows, bytes: manifest.reefline.bytes, uri, columns };
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

function heartbeatOf({ entries, file, keys }: ExtractProgress): Readonly<Record<string, number>> {
  const told = { rows: rowsIn(entries) + (file?.rows ?? 0), files: entries.length };
  return keys === undefined ? told : { ...told, keys };
}

function rowsIn(entries: readonly ManifestEntry[]): number {
  return entries.reduce((sum, { meta }) => sum + meta.rows, 0);
}

/**
 * One file after the other, each ended by its limits; none when there is no row. While S3 completes one file, the
 * next is already being made.
 */
async function stageFiles(
  run: StageRun<ExtractWork>,
  staged: StagedRevision,
  table: SourceTable,
  progress: ExtractProgress,
  writeFile: (file: StagedFile, uri: string) => Promise<StoredObject>,
): Promise<readonly ManifestEntry[]> {
  const rows = table.rows();
  const { entries } = progress;
  const uploads: Promise<StoredObject>[] = [];
  const format = formatOf(run);
  const ending = fileEnding(format);
  try {
    while (await rows.more()) {
      const file = openStagedFile(format, run.stage.work.from, table.columns, rows);
      const url = partUri(staged, run.attempt, entries.length, ending);
      progress.file = file;
      const upload = writeFile(file, url);
      // It is awaited below, at the latest after the last file; until then its failure is not an unhandled one.
      upload.catch(() => undefined);
      await Promise.race([upload, file.taken]);
      await uploads.at(-1);
      uploads.push(upload);
      progress.file = undefined;
      entries.push({ url, mandatory: true, meta: { content_length: file.bytes, rows: file.rows } });
    }
    const stored = await Promise.all(uploads);
    return entries.map((entry, at) => withChecksum(entry, stored[at]));
  } finally {
    await Promise.allSettled(uploads);
  }
}

function withChecksum(entry: ManifestEntry, stored: StoredObject | undefined): ManifestEntry {
  return stored === undefined ? entry : { ...entry, meta: { ...entry.meta, crc32: stored.crc32 } };
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
