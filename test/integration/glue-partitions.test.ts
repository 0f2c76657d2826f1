import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  BatchCreatePartitionCommand,
  BatchDeletePartitionCommand,
  BatchGetPartitionCommand,
  BatchUpdatePartitionCommand,
  CreateDatabaseCommand,
  CreatePartitionCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeletePartitionCommand,
  GetPartitionCommand,
  GetPartitionsCommand,
  GlueClient,
  paginateGetPartitions,
  UpdatePartitionCommand,
  type GetPartitionsCommandInput,
  type PartitionInput,
} from '@aws-sdk/client-glue';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGlue, type RunningGlue } from '../../local/glue/server.ts';

const TABLE = { DatabaseName: 'shop', TableName: 'orders' };

let dir: string;
let glue: RunningGlue;
let client: GlueClient;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'glue-partitions-'));
  glue = await startGlue({ dir, host: '127.0.0.1', port: 0 });
  client = new GlueClient({
    endpoint: glue.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  await glue.stop();
  await rm(dir, { recursive: true });
});

beforeEach(async () => {
  await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shop' } }));
  const PartitionKeys = [
    { Name: 'country', Type: 'string' },
    { Name: 'year', Type: 'int' },
  ];
  await client.send(
    new CreateTableCommand({ DatabaseName: 'shop', TableInput: { Name: 'orders', PartitionKeys } }),
  );
});

afterEach(() => client.send(new DeleteDatabaseCommand({ Name: 'shop' })));

function input(country: string, year: number | string, location = 's3://b/x/'): PartitionInput {
  return {
    Values: [country, String(year)],
    StorageDescriptor: { Location: location, Columns: [{ Name: 'id', Type: 'int' }] },
  };
}

async function fill(count: number): Promise<void> {
  const list = Array.from({ length: count }, (_, at) => input('de', 2000 + at));
  await client.send(new BatchCreatePartitionCommand({ ...TABLE, PartitionInputList: list }));
}

async function years(request: Partial<GetPartitionsCommandInput>): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const page of paginateGetPartitions({ client, pageSize: 3 }, { ...TABLE, ...request })) {
    found.push(...(page.Partitions ?? []).map((partition) => partition.Values?.[1]));
  }
  return found;
}

describe('a partition', () => {
  test('is created, read, updated in place and deleted', async () => {
    await client.send(new CreatePartitionCommand({ ...TABLE, PartitionInput: input('de', 2001) }));
    const at = { ...TABLE, PartitionValues: ['de', '2001'] };
    const before = await client.send(new GetPartitionCommand(at));
    expect(before.Partition).toMatchObject({ ...TABLE, StorageDescriptor: { Location: 's3://b/x/' } });
    await client.send(
      new UpdatePartitionCommand({
        ...TABLE,
        PartitionValueList: ['de', '2001'],
        PartitionInput: input('de', 2001, 's3://b/y/'),
      }),
    );
    const after = await client.send(new GetPartitionCommand(at));
    expect(after.Partition).toMatchObject({
      StorageDescriptor: { Location: 's3://b/y/' },
      CreationTime: before.Partition?.CreationTime,
    });
    await client.send(new DeletePartitionCommand(at));
    await expect(client.send(new GetPartitionCommand(at))).rejects.toMatchObject({
      name: 'EntityNotFoundException',
      message: 'Cannot find partition.',
    });
  });

  test('is refused twice, with the wrong number of values, or with changed values', async () => {
    const create = new CreatePartitionCommand({ ...TABLE, PartitionInput: input('de', 2001) });
    await client.send(create);
    await expect(client.send(create)).rejects.toMatchObject({ name: 'AlreadyExistsException' });
    await expect(
      client.send(new CreatePartitionCommand({ ...TABLE, PartitionInput: { Values: ['de'] } })),
    ).rejects.toMatchObject({ name: 'InvalidInputException' });
    await expect(
      client.send(
        new UpdatePartitionCommand({
          ...TABLE,
          PartitionValueList: ['de', '2001'],
          PartitionInput: input('de', 2002),
        }),
      ),
    ).rejects.toMatchObject({ name: 'InvalidInputException' });
    await expect(
      client.send(new GetPartitionCommand({ ...TABLE, TableName: 'none', PartitionValues: ['a', 'b'] })),
    ).rejects.toMatchObject({ name: 'EntityNotFoundException', message: 'Table none not found.' });
  });
});

describe('GetPartitions', () => {
  test('pages through all, and through those that an expression picks', async () => {
    await fill(10);
    expect(await years({})).toHaveLength(10);
    expect(await years({ Expression: "country = 'de' AND year BETWEEN 2003 AND 2008" })).toEqual([
      '2003',
      '2004',
      '2005',
      '2006',
      '2007',
      '2008',
    ]);
    expect(await years({ Expression: 'year IN (2001, 2009) OR NOT (year > 2000)' })).toEqual([
      '2000',
      '2001',
      '2009',
    ]);
  });

  test('compares an int key as a number', async () => {
    const list = [input('de', 9), input('de', 10)];
    await client.send(new BatchCreatePartitionCommand({ ...TABLE, PartitionInputList: list }));
    expect(await years({ Expression: 'year > 9' })).toEqual(['10']);
  });

  test('gives every partition in exactly one segment', async () => {
    await fill(20);
    const segments = await Promise.all(
      [0, 1, 2].map((SegmentNumber) => years({ Segment: { SegmentNumber, TotalSegments: 3 } })),
    );
    expect(segments.flat().toSorted()).toEqual(await years({}));
    await expect(years({ Segment: { SegmentNumber: 3, TotalSegments: 3 } })).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
  });

  test('leaves the columns out when asked to', async () => {
    await fill(1);
    const answer = await client.send(new GetPartitionsCommand({ ...TABLE, ExcludeColumnSchema: true }));
    expect(answer.Partitions?.[0]?.StorageDescriptor).toEqual({ Location: 's3://b/x/' });
  });

  test('answers a bad expression and a bad stored value with the exceptions of the service', async () => {
    await client.send(new CreatePartitionCommand({ ...TABLE, PartitionInput: input('de', 'null') }));
    await expect(years({ Expression: 'month = 1' })).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: "Unknown column 'month'",
    });
    await expect(years({ Expression: 'year >= 0' })).rejects.toMatchObject({
      name: 'InvalidStateException',
    });
  });
});

describe('a batch', () => {
  test('creates what it can and reports the rest entry by entry', async () => {
    await fill(1);
    const PartitionInputList = [input('de', 2000), input('fr', 2000), { Values: ['x'] }];
    const { Errors } = await client.send(new BatchCreatePartitionCommand({ ...TABLE, PartitionInputList }));
    expect(Errors).toMatchObject([
      { PartitionValues: ['de', '2000'], ErrorDetail: { ErrorCode: 'AlreadyExistsException' } },
      { PartitionValues: ['x'], ErrorDetail: { ErrorCode: 'InvalidInputException' } },
    ]);
    expect(await years({ Expression: "country = 'fr'" })).toEqual(['2000']);
  });

  test('gets what exists, updates and deletes with errors for what does not', async () => {
    await fill(2);
    const there = { Values: ['de', '2000'] };
    const missing = { Values: ['de', '1999'] };
    const got = await client.send(
      new BatchGetPartitionCommand({ ...TABLE, PartitionsToGet: [there, missing] }),
    );
    expect(got.Partitions?.map((partition) => partition.Values)).toEqual([there.Values]);
    expect(got.UnprocessedKeys).toEqual([]);
    const updated = await client.send(
      new BatchUpdatePartitionCommand({
        ...TABLE,
        Entries: [there, missing].map(({ Values }) => ({
          PartitionValueList: Values,
          PartitionInput: { Values, Parameters: { seen: 'yes' } },
        })),
      }),
    );
    expect(updated.Errors).toMatchObject([
      { PartitionValueList: missing.Values, ErrorDetail: { ErrorCode: 'EntityNotFoundException' } },
    ]);
    const read = await client.send(new GetPartitionCommand({ ...TABLE, PartitionValues: there.Values }));
    expect(read.Partition?.Parameters).toEqual({ seen: 'yes' });
    const deleted = await client.send(
      new BatchDeletePartitionCommand({ ...TABLE, PartitionsToDelete: [there, missing] }),
    );
    expect(deleted.Errors).toMatchObject([
      { PartitionValues: missing.Values, ErrorDetail: { ErrorCode: 'EntityNotFoundException' } },
    ]);
    expect(await years({})).toEqual(['2001']);
  });

  test('above the limit of its operation is refused as a whole', async () => {
    const many = (count: number): { Values: string[] }[] =>
      Array.from({ length: count }, (_, at) => ({ Values: ['de', String(at)] }));
    const refused = { name: 'ValidationException' };
    await expect(
      client.send(new BatchCreatePartitionCommand({ ...TABLE, PartitionInputList: many(101) })),
    ).rejects.toMatchObject(refused);
    await expect(
      client.send(new BatchGetPartitionCommand({ ...TABLE, PartitionsToGet: many(1001) })),
    ).rejects.toMatchObject(refused);
    await expect(
      client.send(new BatchDeletePartitionCommand({ ...TABLE, PartitionsToDelete: many(26) })),
    ).rejects.toMatchObject(refused);
    await expect(
      client.send(
        new BatchUpdatePartitionCommand({
          ...TABLE,
          Entries: many(101).map((each) => ({ PartitionValueList: each.Values, PartitionInput: each })),
        }),
      ),
    ).rejects.toMatchObject(refused);
    expect(await years({})).toEqual([]);
  });
});
