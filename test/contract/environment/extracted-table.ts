import { GetObjectCommand } from '@aws-sdk/client-s3';
import { extractStage } from '../../../activities/stages/extract.ts';
import type { MysqlConnection, PostgresConnection } from '../../../pipeline/connection.ts';
import type { Manifest } from '../../../pipeline/manifest.ts';
import type { ExtractWork } from '../../../pipeline/stage.ts';
import { readWithDuckDb } from '../../support/parquet-readers.ts';
import { OF_DATABASES, patience } from '../faults/database-protocols.ts';
import type { SourceTable, StagedRows } from '../kinds/source.ts';
import { LABEL, runOf, toolsOf } from '../runs.ts';
import type { StageStore } from './stage-store.ts';

/** What an extract of a whole table does. */
export function snapshotOf(from: string): ExtractWork {
  return { kind: 'extract', from, mode: 'snapshot', format: 'parquet' };
}

/** A table of a source that is extracted into a folder of its own. */
export function extractedTable(
  store: StageStore,
  source: {
    readonly connection: PostgresConnection | MysqlConnection;
    readonly schema: string;
    readonly table: string;
  },
  folder: string,
): SourceTable {
  const { connection, schema, table } = source;
  const connections = {
    lake: { kind: 's3' as const, bucket: store.bucket, prefix: `${store.prefix}/${folder}` },
  };
  const manifest = `${store.prefix}/${folder}/shop/staged/${LABEL}/r1/manifest.json`;
  const get = async (key: string): Promise<Uint8Array | undefined> => {
    try {
      const { Body } = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key: key }));
      return await Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  };
  return {
    words: [table, folder],
    ...OF_DATABASES,
    extract:
      (options = {}) =>
      async (tools) => {
        const { cursor, knownColumns } = options;
        const whole = snapshotOf(`shop.${schema}.${options.table ?? table}`);
        const work = cursor === undefined ? whole : { ...whole, mode: 'incremental_append' as const, cursor };
        const known = knownColumns === undefined ? {} : { knownColumns };
        return extractStage(
          runOf({ work, output: 'lake.shop.staged', attempt: tools.attempt, ...known }),
          toolsOf({ ...connections, shop: { ...connection, ...patience() } }, tools),
        );
      },
    async staged(): Promise<StagedRows | 'nothing'> {
      const text = await get(manifest);
      if (text === undefined) return 'nothing';
      const { entries, reefline } = JSON.parse(Buffer.from(text).toString()) as Manifest;
      const columns = reefline.columns.map(({ name }) => name);
      const files: Uint8Array[] = [];
      for (const { url } of entries) {
        const file = await get(new URL(url).pathname.slice(1));
        if (file === undefined) throw new Error(`The manifest names ${url}, which is not there.`);
        files.push(file);
      }
      if (files.length === 0) return { columns, rows: [] };
      const { rows } = await readWithDuckDb(files, reefline.columns);
      return { columns, rows: rows.map((row) => row.map(String)) };
    },
  };
}
