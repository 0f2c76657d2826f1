import { CsvFile } from '../../connectors/csv/csv-file.ts';
import { ParquetFile } from '../../connectors/parquet/parquet-file.ts';
import { TupleReader } from '../../connectors/parquet/tuple-reader.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { writeManifest } from '../../connectors/s3/manifest.ts';
import { putObject } from '../../connectors/s3/put-object.ts';
import type { Column } from '../../pipeline/column.ts';
import type { ManifestEntry } from '../../pipeline/manifest.ts';
import { copyRow, copySource, type CellValue } from './copy-rows.ts';

/** Rows to stage; none make a complete, empty batch. */
export interface StagedRows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly CellValue[])[];
}

/** Stages rows as an extract does, one file for each of `parts`, in Parquet or as `csv`, and answers the manifest's URI. */
export async function stageRows(
  bucket: string,
  { dataset, timelabel, revision }: { dataset: string; timelabel: string; revision: number },
  {
    columns,
    rows,
    deletes,
    parts = 1,
    csv,
  }: StagedRows & { readonly deletes?: StagedRows; readonly parts?: number; readonly csv?: 'gzip' | 'zstd' },
): Promise<string> {
  const folder = `s3://${bucket}/${dataset}/${timelabel}/r${String(revision)}`;
  const client = createS3Client();
  const put = async (name: string, staged: StagedRows, as?: 'gzip' | 'zstd'): Promise<ManifestEntry[]> => {
    if (staged.rows.length === 0) return [];
    const types = staged.columns.map(({ type }) => type);
    const source = copySource(
      staged.rows.map((row) => copyRow(types, row)),
      1_000,
    );
    const rowSource = {
      more: () => source.more(),
      take: source.take.bind(source),
      openReader: (...given: ConstructorParameters<typeof TupleReader>) => new TupleReader(...given),
    };
    const file =
      as === undefined
        ? new ParquetFile(dataset, staged.columns, source)
        : new CsvFile(dataset, staged.columns, rowSource, as);
    const url = `${folder}/${name}.${as === undefined ? 'parquet' : 'csv'}`;
    await putObject(client, url, file, { contentType: 'application/octet-stream' });
    return [{ url, mandatory: true, meta: { content_length: file.bytes, rows: file.rows } }];
  };
  try {
    const size = Math.ceil(rows.length / parts);
    const entries: ManifestEntry[] = [];
    for (let part = 0; part < parts; part += 1)
      entries.push(
        ...(await put(
          `part-${String(part)}`,
          { columns, rows: rows.slice(part * size, (part + 1) * size) },
          csv,
        )),
      );
    const uri = `${folder}/manifest.json`;
    await writeManifest(client, uri, {
      entries,
      reefline: {
        version: 1,
        dataset,
        timelabel,
        revision,
        ...(csv === undefined ? { format: 'parquet' } : { format: 'csv', compression: csv }),
        columns,
        rows: rows.length,
        bytes: entries.reduce((sum, { meta }) => sum + meta.content_length, 0),
        ...(deletes === undefined
          ? {}
          : {
              deletes: {
                uri: `${folder}/deletes.json`,
                columns: deletes.columns,
                entries: await put('deletes', deletes),
                rows: deletes.rows.length,
              },
            }),
      },
    });
    return uri;
  } finally {
    client.destroy();
  }
}
