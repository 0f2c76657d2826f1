import { PutObjectCommand } from '@aws-sdk/client-s3';
import { writeManifest } from '../../../connectors/s3/manifest.ts';
import type { WarehouseBatch } from '../kinds/warehouse.ts';
import { LABEL } from '../runs.ts';
import { parquetOf } from './parquet.ts';
import type { StageStore } from './stage-store.ts';

/** The dataset that the batches of the contract are of. */
export const STAGED = 'lake.shop.orders';

/** Stages a batch below a folder, by another writer than Reefline's own, and answers the address of its manifest. */
export async function stageBatch(store: StageStore, folder: string, batch: WarehouseBatch): Promise<string> {
  const { columns, rows, revision = 1, timelabel = LABEL } = batch;
  const base = `s3://${store.bucket}/${folder}`;
  const uri = `${base}/manifest.json`;
  const about = { dataset: STAGED, timelabel, revision, format: 'parquet' as const, columns };
  const entries = [];
  let bytes = 0;
  if (rows.length > 0) {
    const file = await parquetOf(selectOf(batch));
    bytes = file.length;
    await store.client.send(
      new PutObjectCommand({ Bucket: store.bucket, Key: `${folder}/a1/part-00000.parquet`, Body: file }),
    );
    const meta = { content_length: bytes, rows: rows.length };
    entries.push({ url: `${base}/a1/part-00000.parquet`, mandatory: true as const, meta });
  }
  await writeManifest(store.client, uri, {
    entries,
    reefline: { version: 1, ...about, rows: rows.length, bytes },
  });
  return uri;
}

function selectOf({ columns, rows }: WarehouseBatch): string {
  const values = rows.map((row) =>
    row.map((value) =>
      typeof value === 'number' ? `${String(value)}::BIGINT` : `'${value.replaceAll("'", "''")}'`,
    ),
  );
  const names = columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
  return `SELECT * FROM (VALUES ${values.map((row) => `(${row.join(', ')})`).join(', ')}) AS v(${names.join(', ')})`;
}
