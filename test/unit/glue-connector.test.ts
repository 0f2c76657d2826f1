import { describe, expect, test } from '@jest/globals';
import { glueColumns, hiveType } from '../../connectors/glue/column-types.ts';
import { mergeColumns } from '../../connectors/glue/columns-merge.ts';
import { neutralColumns } from '../../connectors/glue/neutral-types.ts';
import { toFailure } from '../../connectors/glue/failure.ts';
import { stagedFolders } from '../../connectors/glue/staged-folders.ts';
import { describeType, type Column, type ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest } from '../../pipeline/manifest.ts';

function column(name: string, type: ColumnType): Column {
  return { name, type, nullable: true };
}

function manifestOf(...urls: string[]): Manifest {
  return {
    entries: urls.map((url) => ({ url, mandatory: true, meta: { content_length: 1, rows: 1 } })),
    reefline: {
      version: 1,
      dataset: 'lake.shop.orders',
      timelabel: '20010105080000',
      revision: 1,
      format: 'parquet',
      columns: [],
      rows: urls.length,
      bytes: urls.length,
    },
  };
}

function thrown(work: () => unknown): StageFailure {
  try {
    work();
  } catch (error) {
    if (error instanceof StageFailure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('Hive types', () => {
  test.each([
    [{ kind: 'boolean' }, 'boolean'],
    [{ kind: 'int16' }, 'smallint'],
    [{ kind: 'int32' }, 'int'],
    [{ kind: 'int64' }, 'bigint'],
    [{ kind: 'float32' }, 'float'],
    [{ kind: 'float64' }, 'double'],
    [{ kind: 'date' }, 'date'],
    [{ kind: 'text' }, 'string'],
    [{ kind: 'json' }, 'string'],
    [{ kind: 'uuid' }, 'string'],
    [{ kind: 'binary' }, 'binary'],
    [{ kind: 'decimal', precision: 12, scale: 2 }, 'decimal(12,2)'],
    [{ kind: 'timestamp', zoned: true }, 'timestamp'],
    [{ kind: 'timestamp', zoned: false }, 'timestamp'],
  ] as const)('%o is %s', (type, expected) => {
    expect(hiveType(type)).toBe(expected);
  });

  test('names are folded, and two that fold to one are refused by name', () => {
    expect(glueColumns('d.t', [column('OrderId', { kind: 'int64' })])[0]?.Name).toBe('orderid');
    const failure = thrown(() =>
      glueColumns('d.t', [column('Id', { kind: 'int64' }), column('ID', { kind: 'int64' })]),
    );
    expect(failure.failureClass).toBe('data_error');
    expect(failure.facts).toMatchObject({ table: 'd.t', column: 'ID' });
  });

  test('a column that is called like the partition key is refused', () => {
    expect(thrown(() => glueColumns('d.t', [column('TimeLabel', { kind: 'text' })])).failureClass).toBe(
      'data_error',
    );
  });
});

describe('merging columns', () => {
  const existing = [
    { Name: 'a', Type: 'Integer' },
    { Name: 'b', Type: 'decimal(12, 2)' },
  ];

  test('appends what is new and keeps the place of what the batch no longer has', () => {
    const merged = mergeColumns('d.t', existing, [
      { Name: 'c', Type: 'string' },
      { Name: 'b', Type: 'decimal(12,2)' },
    ]);
    expect(merged.columns.map((each) => each.Name)).toEqual(['a', 'b', 'c']);
    expect(merged.added).toEqual(['c']);
  });

  test('gives a column the wider type that Athena reads old files as, and describes the partition by its own files', () => {
    const wider = mergeColumns('d.t', existing, [{ Name: 'a', Type: 'bigint' }]);
    expect(wider.columns.map((each) => each.Type)).toEqual(['bigint', 'decimal(12, 2)']);
    expect(wider.widened).toEqual(['a']);
    const narrower = mergeColumns('d.t', existing, [{ Name: 'a', Type: 'smallint' }]);
    expect(narrower.columns).toEqual(existing);
    expect(narrower.partition.map((each) => each.Type)).toEqual(['smallint', 'decimal(12, 2)']);
    expect(narrower.widened).toEqual([]);
  });

  test.each([
    ['a', 'int', 'string'],
    ['b', 'decimal(12,2)', 'decimal(14,2)'],
  ])('refuses another type of %s with table, column and both types', (column, before, now) => {
    const failure = thrown(() => mergeColumns('d.t', existing, [{ Name: column, Type: now }]));
    expect(failure.failureClass).toBe('data_error');
    expect(failure.facts).toEqual({ table: 'd.t', column, tableType: before, batchType: now });
    for (const part of ['d.t', `column ${column}`, before, now, 'Register into another table']) {
      expect(failure.message).toContain(part);
    }
  });

  test('of the catalog have the neutral type that their parameter tells, unless the type was changed since', () => {
    const told = { Parameters: { 'reefline.type': 'timestamp with time zone' } };
    const columns = neutralColumns([
      { Name: 'at', Type: 'timestamp', ...told },
      { Name: 'day', Type: 'date', ...told },
      { Name: 'list', Type: 'array<int>' },
    ]);
    expect(columns.map(({ name, type }) => `${name} ${describeType(type)}`)).toEqual([
      'at timestamp with time zone',
      'day date',
    ]);
  });
});

describe('folders of a batch', () => {
  const manifest = 's3://b/p/orders/20010105080000/r1/manifest.json';

  test('are the folder of its files and the one above the labels', () => {
    const files = manifestOf('s3://b/p/orders/20010105080000/r1/a2/0.parquet');
    expect(stagedFolders(manifest, files)).toEqual({
      partition: 's3://b/p/orders/20010105080000/r1/a2/',
      table: 's3://b/p/orders/',
    });
  });

  test('an empty batch gets a folder without the manifest in it', () => {
    expect(stagedFolders(manifest, manifestOf()).partition).toBe('s3://b/p/orders/20010105080000/r1/empty/');
  });

  test('paths that do not name the label keep the table inside the bucket', () => {
    expect(stagedFolders('s3://b/m.json', manifestOf('s3://b/x/0.parquet')).table).toBe('s3://b/');
  });

  test('files in two folders, or beside the manifest, are refused', () => {
    const apart = manifestOf('s3://b/x/a1/0.parquet', 's3://b/x/a2/1.parquet');
    expect(thrown(() => stagedFolders('s3://b/x/m.json', apart)).failureClass).toBe('data_error');
    const beside = manifestOf('s3://b/x/0.parquet');
    expect(thrown(() => stagedFolders('s3://b/x/m.json', beside)).failureClass).toBe('data_error');
  });
});

describe('failures of Glue', () => {
  test.each([
    [{ name: 'ThrottlingException' }, 'throttled'],
    [{ name: 'ConcurrentModificationException' }, 'conflict'],
    [{ name: 'EntityNotFoundException' }, 'not_found'],
    [{ name: 'AccessDeniedException' }, 'unauthorized'],
    [{ name: 'CredentialsProviderError' }, 'unauthorized'],
    [{ name: 'InvalidInputException' }, 'rejected'],
    [{ name: 'OperationTimeoutException' }, 'timeout'],
    [{ name: 'Error', code: 'ECONNREFUSED' }, 'unavailable'],
    [{ name: 'New', $metadata: { httpStatusCode: 503 } }, 'unavailable'],
    [{ name: 'New', $metadata: { httpStatusCode: 429 } }, 'throttled'],
    [{ name: 'New', $metadata: { httpStatusCode: 400 } }, 'rejected'],
    [{ name: 'TypeError' }, 'rejected'],
  ])('%o is classified by name, code or status as %s', (properties, expected) => {
    const failure = toFailure(Object.assign(new Error('text'), properties), 'read table d.t');
    expect(failure.failureClass).toBe(expected);
    expect(failure.message).toContain('read table d.t');
  });
});
