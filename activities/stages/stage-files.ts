import type { TupleSource } from '../../connectors/parquet/row-reader.ts';
import { partUri, type StagedRevision } from '../../connectors/s3/location.ts';
import type { StoredObject } from '../../connectors/s3/put-object.ts';
import type { ManifestEntry } from '../../pipeline/manifest.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import { fileEnding, type StagedFormat } from '../../pipeline/staged-format.ts';
import type { SourceTable } from './extract-source.ts';
import type { StageRun } from './runner.ts';
import { openStagedFile, type StagedFile } from './staged-file.ts';

/** What was read so far. */
export interface FilesProgress {
  /** Files whose rows were all read, and how many those are. */
  files: number;
  rows: number;
  /** Those that are being made. */
  readonly open: Set<StagedFile>;
}

/** Where the files of an extract go, and how. */
export interface FilesTarget {
  readonly staged: StagedRevision;
  readonly format: StagedFormat;
  readonly write: (file: StagedFile, uri: string) => Promise<StoredObject>;
  /** Ends what reads and writes the other ranges. */
  readonly stop: (reason: unknown) => void;
}

/**
 * Files of all rows, in the order of their names; none when there is no row. Ranges of the table are read at once, each into
 * files of its own: of three, the first one has the parts 0, 3, 6 … whichever is the faster. The first failure stops
 * the others and is thrown when they have ended.
 */
export async function stageFiles(
  run: StageRun<ExtractWork>,
  table: SourceTable,
  target: FilesTarget,
  progress: FilesProgress,
): Promise<readonly ManifestEntry[]> {
  const ranges = table.rows();
  const parts: { readonly part: number; readonly entry: ManifestEntry }[] = [];
  const failures: unknown[] = [];
  const stageOne = async (rows: TupleSource, at: number): Promise<void> => {
    try {
      const own = await stageRange(run, table, target, progress, { rows, first: at, step: ranges.length });
      parts.push(...own.map((entry, index) => ({ part: at + index * ranges.length, entry })));
    } catch (error) {
      failures.push(error);
      if (ranges.length > 1) target.stop(error);
    }
  };
  await Promise.all(ranges.map(stageOne));
  if (failures.length > 0) throw failures[0];
  return parts.sort((one, other) => one.part - other.part).map(({ entry }) => entry);
}

/** One file after the other, each ended by its limits. While S3 completes one, the next is already being made. */
async function stageRange(
  run: StageRun<ExtractWork>,
  { columns }: SourceTable,
  { staged, format, write }: FilesTarget,
  progress: FilesProgress,
  { rows, first, step }: { readonly rows: TupleSource; readonly first: number; readonly step: number },
): Promise<readonly ManifestEntry[]> {
  const uploads: Promise<ManifestEntry>[] = [];
  const ending = fileEnding(format);
  try {
    for (let part = first; await rows.more(); part += step) {
      const file = openStagedFile(format, run.stage.work.from, columns, rows);
      const url = partUri(staged, run.attempt, part, ending);
      progress.open.add(file);
      const upload = write(file, url).then(({ crc32 }) => entryOf(url, file, crc32));
      // It is awaited below, at the latest after the last file; until then its failure is not an unhandled one.
      upload.catch(() => undefined);
      await Promise.race([upload, file.taken]);
      await uploads.at(-1);
      uploads.push(upload);
      progress.open.delete(file);
      progress.rows += file.rows;
      progress.files += 1;
    }
    return await Promise.all(uploads);
  } finally {
    await Promise.allSettled(uploads);
  }
}

function entryOf(url: string, { bytes, rows }: StagedFile, crc32: string): ManifestEntry {
  return { url, mandatory: true, meta: { content_length: bytes, rows, crc32 } };
}
