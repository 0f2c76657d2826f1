import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll } from '@jest/globals';
import { loadStage } from '../../activities/stages/load.ts';
import { writeManifest } from '../../connectors/s3/manifest.ts';
import { contract } from './contract.ts';
import { parquetOf } from './environment/parquet.ts';
import { openRedshift } from './environment/redshift.ts';
import { scrapsOf } from './environment/scraps.ts';
import { openStageStore, type StageStore } from './environment/stage-store.ts';
import { awsAnswer } from './faults/aws-answers.ts';
import { warehouseChecks, type WarehouseBatch, type WarehouseUnderTest } from './kinds/warehouse.ts';
import { LABEL, runOf, toolsOf } from './runs.ts';

const DATASET = 'lake.shop.orders';

contract('redshift', 'warehouse', () => {
  const scraps = scrapsOf('redshift');
  const schema = scraps.prefix;
  const redshift = openRedshift(scraps);
  let store: StageStore;
  beforeAll(async () => {
    store = await openStageStore(scraps);
    scraps.remove('the markers', () =>
      redshift.query(`DELETE FROM reefline.applied WHERE dataset LIKE 'warehouse.${schema}.%'`),
    );
    scraps.remove(`schema ${schema}`, () => redshift.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  });
  let tables = 0;
  const underTest: WarehouseUnderTest = {
    answers: awsAnswer,
    longestText: 65_535,
    async table({ table = `orders_n${String((tables += 1))}x` } = {}) {
      const folder = `${store.prefix}/b${String((tables += 1))}x`;
      const connections = {
        lake: { kind: 's3' as const, bucket: store.bucket, prefix: store.prefix },
        warehouse: redshift.connection,
      };
      const quoted = `"${schema}"."${table.replaceAll('"', '""')}"`;
      let names: readonly string[] = [];
      return {
        words: [table, folder],
        async bring(batch) {
          const revision = batch.revision ?? 1;
          const uri = await stage(store, `${folder}/r${String(revision)}`, batch);
          names = batch.columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`);
          const work = { kind: 'load' as const, from: DATASET, mode: 'append' as const, key: [] };
          const inputs = [{ dataset: DATASET, timelabel: LABEL, revision, uri }];
          return (tools) =>
            loadStage(
              runOf({
                work,
                output: `warehouse.${schema}.${table}`,
                attempt: tools.attempt,
                inputs,
                revision,
              }),
              toolsOf(connections, tools),
            );
        },
        async rows() {
          const there = await redshift.query(
            `SELECT 1 FROM information_schema.tables WHERE table_schema = '${schema}' AND table_name = '${table.replaceAll("'", "''")}'`,
          );
          return there.length === 0
            ? []
            : redshift.query(`SELECT ${names.join(', ')} FROM ${quoted} ORDER BY "id"`);
        },
      };
    },
  };
  return warehouseChecks(() => underTest);
});

async function stage(store: StageStore, folder: string, batch: WarehouseBatch): Promise<string> {
  const { columns, rows, revision = 1 } = batch;
  const base = `s3://${store.bucket}/${folder}`;
  const uri = `${base}/manifest.json`;
  const about = { dataset: DATASET, timelabel: LABEL, revision, format: 'parquet' as const, columns };
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
