import { attempt, GlueFault, type ErrorDetail } from './fault.ts';
import { childrenOf, findDatabase, findTable } from './lookup.ts';
import {
  CATALOG_ID,
  catalogId,
  foldedName,
  now,
  tableInput,
  token,
  versionId,
  type Table,
  type TableInput,
} from './model.ts';
import { operation, type Operations } from './operation.ts';
import { readToken, takePage } from './paging.ts';
import { flag, integer, list, optional, refused, struct, text } from './shape.ts';
import type { Store } from './store.ts';
import { forgetVersion, saveVersion } from './table-versions.ts';

const identity = { CatalogId: catalogId, DatabaseName: foldedName, TransactionId: refused() };
/** Members that select another view of a table than the current one. */
const reading = {
  ...identity,
  QueryAsOfTime: refused(),
  AuditContext: optional(struct({})),
  IncludeStatusDetails: refused(),
  AttributesToGet: refused(),
};

export const tableOperations: Operations = {
  CreateTable: operation(
    struct({
      ...identity,
      // `Name` is for open table formats; with a TableInput the name is in there.
      Name: refused(),
      TableInput: optional(tableInput),
      PartitionIndexes: refused(),
      OpenTableFormatInput: refused(),
    }),
    (store, request) => {
      const input = checkInput(request.TableInput);
      findDatabase(store, request.DatabaseName);
      if (store.get('table', request.DatabaseName, input.Name) !== undefined) {
        throw new GlueFault('AlreadyExistsException', 'Table already exists.');
      }
      const table = describe(request.DatabaseName, input, now(), 0);
      store.put('table', request.DatabaseName, table.Name, table);
      saveVersion(store, table);
      return {};
    },
  ),

  GetTable: operation(struct({ ...reading, Name: foldedName }), (store, request) => ({
    Table: findTable(store, request.DatabaseName, request.Name),
  })),

  GetTables: operation(
    struct({
      ...reading,
      Expression: optional(text(0, 2048)),
      NextToken: optional(token),
      MaxResults: optional(integer(1, 100)),
      ResourceShareType: refused(),
    }),
    (store, request) => {
      findDatabase(store, request.DatabaseName);
      const matches = namePattern(request.Expression);
      const { items, ...next } = takePage(
        store.scan('table', request.DatabaseName, readToken(request.NextToken)),
        request.MaxResults ?? 100,
        (body, name) => (matches(name) ? body : undefined),
      );
      return { TableList: items, ...next };
    },
  ),

  UpdateTable: operation(
    struct({
      ...identity,
      Name: refused(),
      TableInput: optional(tableInput),
      SkipArchive: optional(flag),
      VersionId: optional(versionId),
      ViewUpdateAction: refused(),
      Force: optional(flag),
      UpdateOpenTableFormatInput: refused(),
    }),
    (store, request) => {
      const input = checkInput(request.TableInput);
      const before = findTable(store, request.DatabaseName, input.Name);
      if (request.VersionId !== undefined && request.VersionId !== before.VersionId) {
        // What the service answers to a stale VersionId; VersionMismatchException is not among UpdateTable's errors.
        throw new GlueFault(
          'ConcurrentModificationException',
          'Update table failed due to concurrent modifications.',
        );
      }
      const table = describe(request.DatabaseName, input, before.CreateTime, Number(before.VersionId) + 1);
      if (request.SkipArchive === true) forgetVersion(store, before);
      store.put('table', request.DatabaseName, table.Name, table);
      saveVersion(store, table);
      return {};
    },
  ),

  DeleteTable: operation(struct({ ...identity, Name: foldedName }), (store, request) => {
    dropTable(store, request.DatabaseName, request.Name);
    return {};
  }),

  BatchDeleteTable: operation(
    struct({ ...identity, TablesToDelete: list(foldedName, 0, 100) }),
    (store, request) => {
      const errors: { TableName: string; ErrorDetail: ErrorDetail }[] = [];
      for (const name of request.TablesToDelete) {
        const detail = attempt(() => {
          dropTable(store, request.DatabaseName, name);
        });
        if (detail !== undefined) errors.push({ TableName: name, ErrorDetail: detail });
      }
      return { Errors: errors };
    },
  ),
};

/** Deletes a table with its versions and partitions, or throws EntityNotFoundException. */
export function dropTable(store: Store, database: string, name: string): void {
  const table = findTable(store, database, name);
  store.deleteAll('partition', childrenOf(table));
  store.deleteAll('version', childrenOf(table));
  store.delete('table', database, name);
}

function checkInput(input: TableInput | undefined): TableInput {
  if (input === undefined) throw new GlueFault('InvalidInputException', 'TableInput must not be null.');
  if (input.PartitionKeys?.some((key) => key.Parameters !== undefined) === true) {
    throw new GlueFault('InvalidInputException', 'Parameters not supported for partition columns');
  }
  return input;
}

function describe(database: string, input: TableInput, createTime: number, version: number): Table {
  return {
    ...input,
    // The service answers with these even when the request left them out.
    Retention: input.Retention ?? 0,
    PartitionKeys: input.PartitionKeys ?? [],
    DatabaseName: database,
    CreateTime: createTime,
    UpdateTime: now(),
    CreatedBy: `arn:aws:iam::${CATALOG_ID}:root`,
    IsRegisteredWithLakeFormation: false,
    CatalogId: CATALOG_ID,
    VersionId: String(version),
  };
}

function namePattern(expression: string | undefined): (name: string) => boolean {
  if (expression === undefined || expression === '') return () => true;
  try {
    const pattern = new RegExp(`^(?:${expression})$`, 'u');
    return (name) => pattern.test(name);
  } catch {
    throw new GlueFault('InvalidInputException', `'${expression}' is not a regular expression.`);
  }
}
