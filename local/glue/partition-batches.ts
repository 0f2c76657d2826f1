import { attempt, type ErrorDetail } from './fault.ts';
import { findTable } from './lookup.ts';
import { partitionInput, values } from './model.ts';
import { operation, type Operations } from './operation.ts';
import { createPartition, deletePartition, findPartition, ofTable, updatePartition } from './partitions.ts';
import { list, optional, refused, struct } from './shape.ts';

const valueList = struct({ Values: values });

interface PartitionError {
  readonly PartitionValues: readonly string[];
  readonly ErrorDetail: ErrorDetail;
}

export const partitionBatchOperations: Operations = {
  BatchCreatePartition: operation(
    struct({ ...ofTable, PartitionInputList: list(partitionInput, 0, 100) }),
    (store, request) => {
      const table = findTable(store, request.DatabaseName, request.TableName);
      const errors: PartitionError[] = [];
      for (const input of request.PartitionInputList) {
        const detail = attempt(() => {
          createPartition(store, table, input);
        });
        if (detail !== undefined) errors.push({ PartitionValues: input.Values ?? [], ErrorDetail: detail });
      }
      return { Errors: errors };
    },
  ),

  BatchGetPartition: operation(
    struct({
      ...ofTable,
      PartitionsToGet: list(valueList, 0, 1000),
      AuditContext: optional(struct({})),
      QuerySessionContext: refused(),
    }),
    (store, request) => {
      const table = findTable(store, request.DatabaseName, request.TableName);
      const found = request.PartitionsToGet.map(({ Values }) => findPartition(store, table, Values));
      // A partition that does not exist is left out; UnprocessedKeys are only those to ask for again.
      return { Partitions: found.filter((partition) => partition !== undefined), UnprocessedKeys: [] };
    },
  ),

  BatchUpdatePartition: operation(
    struct({
      ...ofTable,
      Entries: list(struct({ PartitionValueList: values, PartitionInput: partitionInput }), 1, 100),
    }),
    (store, request) => {
      const table = findTable(store, request.DatabaseName, request.TableName);
      const errors: { PartitionValueList: readonly string[]; ErrorDetail: ErrorDetail }[] = [];
      for (const entry of request.Entries) {
        const detail = attempt(() => {
          updatePartition(store, table, entry.PartitionValueList, entry.PartitionInput);
        });
        if (detail !== undefined) {
          errors.push({ PartitionValueList: entry.PartitionValueList, ErrorDetail: detail });
        }
      }
      return { Errors: errors };
    },
  ),

  BatchDeletePartition: operation(
    struct({ ...ofTable, PartitionsToDelete: list(valueList, 0, 25) }),
    (store, request) => {
      const table = findTable(store, request.DatabaseName, request.TableName);
      const errors: PartitionError[] = [];
      for (const { Values } of request.PartitionsToDelete) {
        const detail = attempt(() => {
          deletePartition(store, table, Values);
        });
        if (detail !== undefined) errors.push({ PartitionValues: Values, ErrorDetail: detail });
      }
      return { Errors: errors };
    },
  ),
};
