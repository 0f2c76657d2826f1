import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AthenaClient,
  CreateWorkGroupCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  type QueryExecution,
  type WorkGroupConfiguration,
} from '@aws-sdk/client-athena';
import { GetTablesCommand, type GlueClient } from '@aws-sdk/client-glue';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { setTimeout as delay } from 'node:timers/promises';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { putPartition } from '../../connectors/glue/partition.ts';
import { upsertTable } from '../../connectors/glue/table.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import type { Column } from '../../pipeline/column.ts';
import type { AthenaConnection, Connection } from '../../pipeline/connection.ts';
import { freshBucket } from './local-cloud.ts';

/** A bucket and two databases of a suite's own in the Athena of the local cloud. */
export interface TestAthena {
  readonly client: AthenaClient;
  readonly glue: GlueClient;
  readonly bucket: string;
  /** Database with source tables, and database that transforms write to. */
  readonly raw: string;
  readonly marts: string;
  readonly connection: AthenaConnection;
  readonly connections: Readonly<Record<string, Connection>>;
  /** Runs a query and answers its end. */
  run(sql: string, more?: { readonly workgroup?: string; readonly token?: string }): Promise<QueryExecution>;
  /** Rows of a query that succeeds, without the headings. */
  rows(sql: string): Promise<(string | null)[][]>;
  workgroup(configuration: WorkGroupConfiguration): Promise<string>;
  /** Registers a partition of a table in `raw` whose rows are those of a DuckDB SELECT. */
  register(table: string, columns: readonly Column[], timelabel: string, select: string): Promise<void>;
  /** Tables of the database that transforms write to. */
  tables(): Promise<string[]>;
  close(): void;
}

export async function openTestAthena(label: string): Promise<TestAthena> {
  const bucket = await freshBucket(label);
  const id = randomBytes(4).toString('hex');
  const [raw, marts] = [`raw_${id}`, `marts_${id}`];
  const output = `s3://${bucket}/results/`;
  const connection: AthenaConnection = { kind: 'athena', location: `s3://${bucket}/tables`, output };
  const client = new AthenaClient({});
  const glue = createGlueClient({});
  const run: TestAthena['run'] = async (sql, { workgroup, token } = {}) => {
    const { QueryExecutionId } = await client.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        ResultConfiguration: { OutputLocation: output },
        ...(workgroup === undefined ? {} : { WorkGroup: workgroup }),
        ...(token === undefined ? {} : { ClientRequestToken: token }),
      }),
    );
    for (;;) {
      const { QueryExecution: query = {} } = await client.send(
        new GetQueryExecutionCommand({ QueryExecutionId }),
      );
      if (!['QUEUED', 'RUNNING'].includes(query.Status?.State ?? '')) return query;
      await delay(20);
    }
  };
  return {
    client,
    glue,
    bucket,
    raw,
    marts,
    connection,
    connections: { lake: { kind: 's3', bucket }, athena: connection },
    run,
    async rows(sql) {
      const query = await run(sql);
      if (query.Status?.State !== 'SUCCEEDED') throw new Error(query.Status?.StateChangeReason);
      const { ResultSet } = await client.send(
        new GetQueryResultsCommand({ QueryExecutionId: query.QueryExecutionId }),
      );
      const rows = (ResultSet?.Rows ?? []).slice(1);
      return rows.map(({ Data }) => (Data ?? []).map(({ VarCharValue }) => VarCharValue ?? null));
    },
    async workgroup(Configuration) {
      const Name = `${label}-${randomBytes(4).toString('hex')}`;
      await client.send(new CreateWorkGroupCommand({ Name, Configuration }));
      return Name;
    },
    async register(table, columns, timelabel, select) {
      const folder = `s3://${bucket}/raw/${table}/${timelabel}/`;
      await putParquet(bucket, `raw/${table}/${timelabel}/part-0.parquet`, select);
      const upserted = await upsertTable(
        { client: glue },
        { database: raw, table, columns, location: `s3://${bucket}/raw/${table}/` },
      );
      await putPartition(
        { client: glue },
        {
          ...{ database: raw, table, timelabel, revision: 1, location: folder },
          ...{ columns: upserted.partition, rows: 0, bytes: 0 },
        },
      );
    },
    async tables() {
      const { TableList } = await glue.send(new GetTablesCommand({ DatabaseName: marts }));
      return (TableList ?? []).map(({ Name }) => Name ?? '');
    },
    close() {
      client.destroy();
      glue.destroy();
    },
  };
}

/** Stores the rows of a DuckDB SELECT as a Parquet file. */
async function putParquet(bucket: string, key: string, select: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'reefline-athena-'));
  const path = join(dir, 'part');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const duckdb = await instance.connect();
  const s3 = createS3Client();
  try {
    await duckdb.run(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(path) }));
  } finally {
    s3.destroy();
    duckdb.closeSync();
    instance.closeSync();
    await rm(dir, { recursive: true });
  }
}
