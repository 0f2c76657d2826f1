import { createHash } from 'node:crypto';
import { GlueFault } from './fault.ts';
import { childrenOf, findTable } from './lookup.ts';
import {
  CATALOG_ID,
  catalogId,
  foldedName,
  now,
  partitionInput,
  token,
  values,
  type Partition,
  type PartitionInput,
  type Table,
} from './model.ts';
import { operation, type Operations } from './operation.ts';
import { readToken, takePage } from './paging.ts';
import { partitionFilter } from './partition-filter.ts';
import { flag, integer, optional, refused, struct, text } from './shape.ts';
import type { Store } from './store.ts';

/** Members that name the table of a partition request. */
export const ofTable = { CatalogId: catalogId, DatabaseName: foldedName, TableName: foldedName };

const segment = struct({ SegmentNumber: integer(0, 9), TotalSegments: integer(1, 10) });

export const partitionOperations: Operations = {
  CreatePartition: operation(struct({ ...ofTable, PartitionInput: partitionInput }), (store, request) => {
    createPartition(store, findTable(store, request.DatabaseName, request.TableName), request.PartitionInput);
    return {};
  }),

  GetPartition: operation(
    struct({ ...ofTable, PartitionValues: values, AuditContext: optional(struct({})) }),
    (store, request) => {
      const table = findTable(store, request.DatabaseName, request.TableName);
      return { Partition: existingPartition(store, table, request.PartitionValues) };
    },
  ),

  GetPartitions: operation(
    struct({
      ...ofTable,
      Expression: optional(text(0, 2048)),
      NextToken: optional(token),
      Segment: optional(segment),
      MaxResults: optional(integer(1, 1000)),
      ExcludeColumnSchema: optional(flag),
      TransactionId: refused(),
      QueryAsOfTime: refused(),
      AuditContext: optional(struct({})),
    }),
    (store, request) => {
      const table = findTable(store, request.DatabaseName, request.TableName);
      const matches = partitionFilter(request.Expression, table.PartitionKeys ?? []);
      const inSegment = segmentFilter(request.Segment);
      const { items, ...next } = takePage(
        store.scan('partition', childrenOf(table), readToken(request.NextToken)),
        request.MaxResults ?? 1000,
        (body, name) => {
          const partition = body as Partition;
          if (!inSegment(name) || !matches(partition.Values)) return undefined;
          return request.ExcludeColumnSchema === true ? withoutColumns(partition) : partition;
        },
      );
      return { Partitions: items, ...next };
    },
  ),

  UpdatePartition: operation(
    struct({ ...ofTable, PartitionValueList: values, PartitionInput: partitionInput }),
    (store, request) => {
      const table = findTable(store, request.DatabaseName, request.TableName);
      updatePartition(store, table, request.PartitionValueList, request.PartitionInput);
      return {};
    },
  ),

  DeletePartition: operation(struct({ ...ofTable, PartitionValues: values }), (store, request) => {
    deletePartition(
      store,
      findTable(store, request.DatabaseName, request.TableName),
      request.PartitionValues,
    );
    return {};
  }),
};

export function createPartition(store: Store, table: Table, input: PartitionInput): void {
  const key = checkValues(table, input.Values);
  if (findPartition(store, table, key) !== undefined) {
    throw new GlueFault('AlreadyExistsException', 'Partition already exists.');
  }
  save(store, table, key, input, now());
}

export function updatePartition(
  store: Store,
  table: Table,
  key: readonly string[],
  input: PartitionInput,
): void {
  const before = existingPartition(store, table, key);
  if (nameOf(checkValues(table, input.Values)) !== nameOf(key)) {
    throw new GlueFault('InvalidInputException', 'The values of a partition cannot be changed.');
  }
  save(store, table, key, input, before.CreationTime);
}

export function deletePartition(store: Store, table: Table, key: readonly string[]): void {
  existingPartition(store, table, key);
  store.delete('partition', childrenOf(table), nameOf(key));
}

/** The partition, or undefined. Throws InvalidInputException when the values cannot name a partition of the table. */
export function findPartition(store: Store, table: Table, key: readonly string[]): Partition | undefined {
  return store.get('partition', childrenOf(table), nameOf(checkValues(table, key))) as Partition | undefined;
}

function existingPartition(store: Store, table: Table, key: readonly string[]): Partition {
  const partition = findPartition(store, table, key);
  if (partition === undefined) throw new GlueFault('EntityNotFoundException', 'Cannot find partition.');
  return partition;
}

function save(
  store: Store,
  table: Table,
  key: readonly string[],
  input: PartitionInput,
  creationTime: number,
): void {
  const partition: Partition = {
    ...input,
    Values: key,
    DatabaseName: table.DatabaseName,
    TableName: table.Name,
    CreationTime: creationTime,
    CatalogId: CATALOG_ID,
  };
  store.put('partition', childrenOf(table), nameOf(key), partition);
}

function checkValues(table: Table, key: readonly string[] | undefined): readonly string[] {
  if (key?.length !== (table.PartitionKeys ?? []).length || key.length === 0) {
    throw new GlueFault(
      'InvalidInputException',
      'The number of partition keys do not match the number of partition values',
    );
  }
  return key;
}

/** JSON keeps values apart whatever characters they hold. */
function nameOf(key: readonly string[]): string {
  return JSON.stringify(key);
}

/** Every partition is in exactly one of the segments, whatever is created or deleted between the calls. */
function segmentFilter(
  asked: { readonly SegmentNumber: number; readonly TotalSegments: number } | undefined,
): (name: string) => boolean {
  if (asked === undefined) return () => true;
  if (asked.SegmentNumber >= asked.TotalSegments) {
    throw new GlueFault('InvalidInputException', 'The segment number must be less than the total segments.');
  }
  return (name) =>
    createHash('md5').update(name).digest().readUInt32BE(0) % asked.TotalSegments === asked.SegmentNumber;
}

function withoutColumns(partition: Partition): Partition {
  if (partition.StorageDescriptor === undefined) return partition;
  const { Columns: _dropped, ...rest } = partition.StorageDescriptor;
  return { ...partition, StorageDescriptor: rest };
}
