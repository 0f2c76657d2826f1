import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  BatchDeleteTableCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  DeleteTableVersionCommand,
  GetCatalogsCommand,
  GetDatabaseCommand,
  GetDatabasesCommand,
  GetTableCommand,
  GetTablesCommand,
  GetTableVersionCommand,
  GetTableVersionsCommand,
  GlueClient,
  paginateGetDatabases,
  paginateGetTables,
  UpdateDatabaseCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGlue, type RunningGlue } from '../../local/glue/server.ts';

let dir: string;
let glue: RunningGlue;
let client: GlueClient;

function connect(url: string): GlueClient {
  return new GlueClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'glue-catalog-'));
  glue = await startGlue({ dir, host: '127.0.0.1', port: 0 });
  client = connect(glue.url);
});

afterAll(async () => {
  client.destroy();
  await glue.stop();
  await rm(dir, { recursive: true });
});

beforeEach(() => client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'Shop' } })));

afterEach(async () => {
  const { DatabaseList } = await client.send(new GetDatabasesCommand({}));
  for (const { Name } of DatabaseList ?? []) await client.send(new DeleteDatabaseCommand({ Name }));
});

function createTable(name: string): Promise<unknown> {
  return client.send(
    new CreateTableCommand({
      DatabaseName: 'shop',
      TableInput: { Name: name, StorageDescriptor: { Columns: [{ Name: 'id', Type: 'int' }] } },
    }),
  );
}

function updateTable(
  description: string,
  more: { VersionId?: string; SkipArchive?: boolean } = {},
): Promise<unknown> {
  return client.send(
    new UpdateTableCommand({
      DatabaseName: 'SHOP',
      TableInput: { Name: 'ORDERS', Description: description },
      ...more,
    }),
  );
}

async function versions(): Promise<(string | undefined)[]> {
  const answer = await client.send(
    new GetTableVersionsCommand({ DatabaseName: 'shop', TableName: 'orders' }),
  );
  return (answer.TableVersions ?? []).map((version) => version.VersionId);
}

describe('databases', () => {
  test('are folded to lower case, described, updated and deleted', async () => {
    const { Database } = await client.send(new GetDatabaseCommand({ Name: 'SHOP' }));
    expect(Database).toMatchObject({ Name: 'shop', CatalogId: '000000000000' });
    expect(Database?.CreateTime).toBeInstanceOf(Date);
    await client.send(
      new UpdateDatabaseCommand({ Name: 'shop', DatabaseInput: { Name: 'shop', Description: 'new' } }),
    );
    const after = await client.send(new GetDatabaseCommand({ Name: 'shop' }));
    expect(after.Database).toMatchObject({ Description: 'new', CreateTime: Database?.CreateTime });
    await createTable('orders');
    await client.send(new DeleteDatabaseCommand({ Name: 'shop' }));
    await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shop' } }));
    expect((await client.send(new GetTablesCommand({ DatabaseName: 'shop' }))).TableList).toEqual([]);
  });

  test('come in pages', async () => {
    for (const Name of ['b', 'a', 'c']) {
      await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name } }));
    }
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateGetDatabases({ client, pageSize: 2 }, {})) {
      pages.push((page.DatabaseList ?? []).map((database) => database.Name));
    }
    expect(pages).toEqual([
      ['a', 'b'],
      ['c', 'shop'],
    ]);
  });

  test('that exist or do not exist are the errors of the service', async () => {
    await expect(
      client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'SHOP' } })),
    ).rejects.toMatchObject({ name: 'AlreadyExistsException', message: 'Database already exists.' });
    await expect(client.send(new GetDatabaseCommand({ Name: 'none' }))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe('tables', () => {
  test('are created, read with defaults, listed by pattern in pages and deleted', async () => {
    for (const name of ['Orders', 'orders_2', 'people']) await createTable(name);
    const { Table } = await client.send(new GetTableCommand({ DatabaseName: 'shop', Name: 'ORDERS' }));
    expect(Table).toMatchObject({ Name: 'orders', VersionId: '0', PartitionKeys: [], DatabaseName: 'shop' });
    expect(Table?.UpdateTime).toBeInstanceOf(Date);
    const names: (string | undefined)[] = [];
    const input = { DatabaseName: 'shop', Expression: 'orders.*' };
    for await (const page of paginateGetTables({ client, pageSize: 1 }, input)) {
      names.push(...(page.TableList ?? []).map((table) => table.Name));
    }
    expect(names).toEqual(['orders', 'orders_2']);
    await client.send(new DeleteTableCommand({ DatabaseName: 'shop', Name: 'people' }));
    const batch = await client.send(
      new BatchDeleteTableCommand({ DatabaseName: 'shop', TablesToDelete: ['orders', 'people'] }),
    );
    expect(batch.Errors).toMatchObject([
      { TableName: 'people', ErrorDetail: { ErrorCode: 'EntityNotFoundException' } },
    ]);
    expect((await client.send(new GetTablesCommand({ DatabaseName: 'shop' }))).TableList).toHaveLength(1);
  });

  test('that exist, or whose database does not, are the errors of the service', async () => {
    await createTable('orders');
    await expect(createTable('ORDERS')).rejects.toMatchObject({ name: 'AlreadyExistsException' });
    await expect(
      client.send(new CreateTableCommand({ DatabaseName: 'none', TableInput: { Name: 't' } })),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException', message: 'Database none not found.' });
    await expect(
      client.send(new UpdateTableCommand({ DatabaseName: 'shop', TableInput: { Name: 'none' } })),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException' });
  });

  test('keep every version of an update, except with SkipArchive', async () => {
    await createTable('orders');
    await updateTable('one');
    await updateTable('two');
    await updateTable('three', { SkipArchive: true });
    expect(await versions()).toEqual(['3', '1', '0']);
    const first = await client.send(
      new GetTableVersionCommand({ DatabaseName: 'shop', TableName: 'orders', VersionId: '1' }),
    );
    expect(first.TableVersion?.Table?.Description).toBe('one');
    const last = await client.send(new GetTableVersionCommand({ DatabaseName: 'shop', TableName: 'orders' }));
    expect(last.TableVersion).toMatchObject({ VersionId: '3', Table: { Description: 'three' } });
    const version = { DatabaseName: 'shop', TableName: 'orders' };
    await client.send(new DeleteTableVersionCommand({ ...version, VersionId: '1' }));
    expect(await versions()).toEqual(['3', '0']);
    await expect(
      client.send(new DeleteTableVersionCommand({ ...version, VersionId: '1' })),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException' });
    await expect(
      client.send(new DeleteTableVersionCommand({ ...version, VersionId: '3' })),
    ).rejects.toMatchObject({ name: 'InvalidInputException' });
  });

  test('refuse an update that was computed from an older version, and change nothing', async () => {
    await createTable('orders');
    await updateTable('one', { VersionId: '0' });
    await expect(updateTable('late', { VersionId: '0' })).rejects.toMatchObject({
      name: 'ConcurrentModificationException',
      message: 'Update table failed due to concurrent modifications.',
    });
    const { Table } = await client.send(new GetTableCommand({ DatabaseName: 'shop', Name: 'orders' }));
    expect(Table).toMatchObject({ VersionId: '1', Description: 'one' });
  });
});

describe('a request', () => {
  test('that breaks limits of the model is answered with all of them', async () => {
    const request = new GetDatabasesCommand({ MaxResults: 101 });
    await expect(client.send(request)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("'maxResults' failed to satisfy constraint"),
    });
    const bad = { Name: '', Description: 'x'.repeat(2049) };
    await expect(client.send(new CreateDatabaseCommand({ DatabaseInput: bad }))).rejects.toMatchObject({
      message: expect.stringMatching(/^2 validation errors detected: .*databaseInput\.name.*description/),
    });
  });

  test('without a required member, with a foreign token or of another shape is refused', async () => {
    await expect(post('GetTable', '{"DatabaseName":"shop"}')).resolves.toEqual({
      status: 400,
      body: {
        __type: 'ValidationException',
        Message:
          "1 validation error detected: Value at 'name' failed to satisfy constraint: Member must not be null",
      },
    });
    await expect(post('GetTables', '{"DatabaseName":["shop"]}')).resolves.toMatchObject({
      status: 400,
      body: { __type: 'SerializationException' },
    });
    const large = JSON.stringify({ DatabaseName: 'x'.repeat(17 * 1024 * 1024) });
    await expect(post('GetTables', large)).resolves.toMatchObject({
      status: 400,
      body: { __type: 'InvalidInputException' },
    });
    await expect(post('GetTables', '{')).resolves.toMatchObject({
      body: { __type: 'SerializationException' },
    });
    await expect(client.send(new GetDatabasesCommand({ NextToken: 'x' }))).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
  });

  test('for an operation or member that is not imitated is refused, never ignored', async () => {
    await expect(client.send(new GetCatalogsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(post('constructor', '{}')).resolves.toMatchObject({
      body: { __type: 'UnknownOperationException' },
    });
    await expect(
      client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'd' }, Tags: { a: 'b' } })),
    ).rejects.toMatchObject({ name: 'InvalidInputException' });
    await expect(
      client.send(new GetDatabaseCommand({ Name: 'shop', CatalogId: '111111111111' })),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException' });
  });
});

test('the catalog is still there after a restart', async () => {
  await createTable('orders');
  await updateTable('one');
  await glue.stop();
  glue = await startGlue({ dir, host: '127.0.0.1', port: 0 });
  client.destroy();
  client = connect(glue.url);
  const { Table } = await client.send(new GetTableCommand({ DatabaseName: 'shop', Name: 'orders' }));
  expect(Table).toMatchObject({ VersionId: '1', Description: 'one' });
});

test('a port that is taken is an error, not a hang', async () => {
  const port = Number(new URL(glue.url).port);
  await expect(startGlue({ dir, host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

async function post(operation: string, body: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(glue.url, {
    method: 'POST',
    headers: { 'x-amz-target': `AWSGlue.${operation}` },
    body,
  });
  return { status: response.status, body: await response.json() };
}
