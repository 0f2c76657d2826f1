import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  DeleteDatabaseCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GetPartitionCommand,
  GetTableCommand,
  GetTableVersionsCommand,
  type GlueClient,
  UpdateTableCommand,
  type Partition,
  type Table,
} from '@aws-sdk/client-glue';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { putPartition, type PartitionDefinition } from '../../connectors/glue/partition.ts';
import { upsertTable, type TableDefinition } from '../../connectors/glue/table.ts';
import { startGlue, type RunningGlue } from '../../local/glue/server.ts';
import type { Column } from '../../pipeline/column.ts';

const LABEL = '20010105080000';
const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };
const ORDERS = { database: 'lake_shop', table: 'orders' };

let dir: string;
let glue: RunningGlue;
let client: GlueClient;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'glue-connector-'));
  glue = await startGlue({ dir, host: '127.0.0.1', port: 0 });
  process.env['AWS_ENDPOINT_URL_GLUE'] = glue.url;
  process.env['AWS_ACCESS_KEY_ID'] = 'local';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
  client = createGlueClient({ region: 'us-east-1' });
});

afterAll(async () => {
  client.destroy();
  await glue.stop();
  await rm(dir, { recursive: true });
});

beforeEach(async () => {
  await client
    .send(new CreateDatabaseCommand({ DatabaseInput: { Name: ORDERS.database } }))
    .catch(() => null);
  await client.send(new DeleteDatabaseCommand({ Name: ORDERS.database }));
});

function wanted(columns: readonly Column[]): TableDefinition {
  return { ...ORDERS, columns, location: 's3://lake/shop/orders/' };
}

async function put(revision: number, folder = `r${String(revision)}/a1`): Promise<string> {
  const { columns } = await upsertTable({ client }, wanted([ID]));
  return putPartition({ client }, partition(revision, columns, folder));
}

function partition(
  revision: number,
  columns: PartitionDefinition['columns'],
  folder: string,
): PartitionDefinition {
  const location = `s3://lake/shop/orders/${LABEL}/${folder}/`;
  return { ...ORDERS, timelabel: LABEL, revision, location, columns, rows: 3, bytes: 99 };
}

async function readTable(): Promise<Table | undefined> {
  return (await client.send(new GetTableCommand({ DatabaseName: ORDERS.database, Name: ORDERS.table })))
    .Table;
}

async function readPartition(): Promise<Partition | undefined> {
  const at = { DatabaseName: ORDERS.database, TableName: ORDERS.table, PartitionValues: [LABEL] };
  return (await client.send(new GetPartitionCommand(at))).Partition;
}

function columnsOf(of: Table | Partition | undefined): (string | undefined)[] {
  return (of?.StorageDescriptor?.Columns ?? []).map((column) => column.Name);
}

/** A client that runs `interfere` after its n-th call was answered, and before the caller learns of the answer. */
function interferedClient(after: number, interfere: () => Promise<void>): GlueClient {
  const interfered = createGlueClient({ region: 'us-east-1' });
  let calls = 0;
  interfered.middlewareStack.add(
    (next) => async (request) => {
      const answer = await next(request);
      calls += 1;
      if (calls === after) await interfere();
      return answer;
    },
    { step: 'initialize' },
  );
  return interfered;
}

describe('upsertTable', () => {
  test('makes database and table as readers of Parquet expect them', async () => {
    const first = await upsertTable({ client }, wanted([ID, NOTE]));
    expect(first).toMatchObject({ change: 'created', added: ['id', 'note'] });
    expect(await readTable()).toMatchObject({
      TableType: 'EXTERNAL_TABLE',
      PartitionKeys: [{ Name: 'timelabel', Type: 'string' }],
      Parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
      StorageDescriptor: {
        Location: 's3://lake/shop/orders/',
        Columns: [
          { Name: 'id', Type: 'bigint' },
          { Name: 'note', Type: 'string' },
        ],
        InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
        SerdeInfo: {
          SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
        },
      },
    });
  });

  test('changes nothing when there is nothing to change, not even the version', async () => {
    await upsertTable({ client }, wanted([ID]));
    expect(await upsertTable({ client }, wanted([ID]))).toMatchObject({ change: 'unchanged', added: [] });
    expect((await readTable())?.VersionId).toBe('0');
  });

  test('appends new columns, and keeps columns, settings and order of what is there', async () => {
    await upsertTable({ client }, wanted([NOTE]));
    const table = await readTable();
    await client.send(
      new UpdateTableCommand({
        DatabaseName: ORDERS.database,
        TableInput: {
          Name: ORDERS.table,
          Description: 'by hand',
          PartitionKeys: table?.PartitionKeys,
          StorageDescriptor: table?.StorageDescriptor,
          Parameters: { owner: 'finance' },
        },
      }),
    );
    expect(await upsertTable({ client }, wanted([ID]))).toMatchObject({ change: 'widened', added: ['id'] });
    const after = await readTable();
    expect(columnsOf(after)).toEqual(['note', 'id']);
    expect(after).toMatchObject({ Description: 'by hand', Parameters: { owner: 'finance' } });
  });

  test('refuses a retyped column and leaves the table alone', async () => {
    await upsertTable({ client }, wanted([ID]));
    const retyped = upsertTable({ client }, wanted([{ ...ID, type: { kind: 'text' } }, NOTE]));
    await expect(retyped).rejects.toMatchObject({
      failureClass: 'data_error',
      facts: { table: 'lake_shop.orders', column: 'id', tableType: 'bigint', batchType: 'string' },
    });
    expect(columnsOf(await readTable())).toEqual(['id']);
  });

  test('refuses a table that is partitioned otherwise', async () => {
    await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: ORDERS.database } }));
    const foreign = { Name: ORDERS.table, PartitionKeys: [{ Name: 'day', Type: 'date' }] };
    await client.send(new CreateTableCommand({ DatabaseName: ORDERS.database, TableInput: foreign }));
    await expect(upsertTable({ client }, wanted([ID]))).rejects.toMatchObject({
      failureClass: 'invalid_config',
      message: expect.stringContaining('(day date)'),
    });
  });

  test('keeps the columns of writers that were faster between its read and its update', async () => {
    await upsertTable({ client }, wanted([ID]));
    const faster: Column = { name: 'faster', type: { kind: 'date' }, nullable: true };
    const slow = interferedClient(1, async () => {
      await upsertTable({ client }, wanted([faster]));
    });
    await upsertTable({ client: slow }, wanted([NOTE]));
    slow.destroy();
    expect(columnsOf(await readTable())).toEqual(['id', 'faster', 'note']);
  });

  test('many writers at once end with all columns, each added once', async () => {
    const columns = Array.from({ length: 4 }, (_, at): Column => ({ ...NOTE, name: `c${String(at)}` }));
    await Promise.all(columns.map((column) => upsertTable({ client }, wanted([ID, column]))));
    expect(columnsOf(await readTable()).toSorted()).toEqual(['c0', 'c1', 'c2', 'c3', 'id']);
  });

  test('reports conflict when others keep changing the table', async () => {
    await upsertTable({ client }, wanted([ID]));
    let next = 0;
    const unlucky = createGlueClient({ region: 'us-east-1' });
    unlucky.middlewareStack.add(
      (send, context) => async (request) => {
        const answer = await send(request);
        if (context.commandName !== 'GetTableCommand') return answer;
        next += 1;
        await upsertTable({ client }, wanted([{ ...NOTE, name: `n${String(next)}` }]));
        return answer;
      },
      { step: 'initialize' },
    );
    await expect(upsertTable({ client: unlucky }, wanted([NOTE]))).rejects.toMatchObject({
      failureClass: 'conflict',
      message: expect.stringContaining('lake_shop.orders'),
    });
    unlucky.destroy();
  });
});

describe('putPartition', () => {
  test('points the label to the newest revision and says what it holds', async () => {
    expect(await put(1)).toBe('created');
    expect(await put(2)).toBe('updated');
    expect(await readPartition()).toMatchObject({
      Values: [LABEL],
      Parameters: { 'reefline.revision': '2', numRows: '3', totalSize: '99' },
      StorageDescriptor: { Location: `s3://lake/shop/orders/${LABEL}/r2/a1/` },
    });
  });

  test('ignores an older revision that arrives late', async () => {
    await put(10);
    expect(await put(9)).toBe('superseded');
    expect((await readPartition())?.Parameters?.['reefline.revision']).toBe('10');
  });

  test('changes nothing when called again, and follows another attempt of the same revision', async () => {
    await put(1);
    expect(await put(1)).toBe('unchanged');
    expect(await put(1, 'r1/a2')).toBe('updated');
    expect((await readPartition())?.StorageDescriptor?.Location).toContain('/r1/a2/');
  });

  test('puts its revision back when an older writer overwrote it at the same moment', async () => {
    const { columns } = await upsertTable({ client }, wanted([ID]));
    // Revision 1 has found no partition yet; revision 2 writes; then revision 1 writes what it decided before.
    const older = interferedClient(1, async () => {
      await put(2);
    });
    await putPartition({ client: older }, partition(1, columns, 'r1/a1'));
    older.destroy();
    expect((await readPartition())?.Parameters?.['reefline.revision']).toBe('2');
    const newer = interferedClient(2, async () => {
      await client.send(new DeleteDatabaseCommand({ Name: ORDERS.database }));
      await put(1);
    });
    await putPartition({ client: newer }, partition(3, columns, 'r3/a1'));
    newer.destroy();
    expect((await readPartition())?.Parameters?.['reefline.revision']).toBe('3');
  });

  test('for a table that does not exist is not_found', async () => {
    await expect(putPartition({ client }, partition(1, [], 'r1/a1'))).rejects.toMatchObject({
      failureClass: 'not_found',
    });
  });
});

describe('killed after any call and run again', () => {
  test('gives the same table and partition, and readers always find the old revision or the new one', async () => {
    await put(1);
    const before = await readTable();
    for (let killAfter = 1; killAfter <= 5; killAfter += 1) {
      await client.send(new DeleteDatabaseCommand({ Name: ORDERS.database }));
      await put(1);
      const killed = interferedClient(killAfter, async () => {
        const seen = (await readPartition())?.StorageDescriptor?.Location;
        expect(seen).toMatch(/\/r[12]\/a1\/$/);
        throw new Error('killed');
      });
      const work = async (by: GlueClient): Promise<void> => {
        const { columns } = await upsertTable({ client: by }, wanted([ID, NOTE]));
        await putPartition({ client: by }, partition(2, columns, 'r2/a1'));
      };
      await expect(work(killed)).rejects.toThrow('killed');
      killed.destroy();
      await work(client);
      const history = { DatabaseName: ORDERS.database, TableName: ORDERS.table };
      expect((await client.send(new GetTableVersionsCommand(history))).TableVersions).toHaveLength(2);
      expect(columnsOf(await readTable())).toEqual([...columnsOf(before), 'note']);
      const after = await readPartition();
      expect(after?.StorageDescriptor?.Location).toContain('/r2/a1/');
      expect(columnsOf(after)).toEqual(['id', 'note']);
    }
  });
});
