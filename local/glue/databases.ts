import { GlueFault } from './fault.ts';
import { findDatabase, ROOT } from './lookup.ts';
import {
  CATALOG_ID,
  catalogId,
  databaseInput,
  foldedName,
  now,
  token,
  type Database,
  type DatabaseInput,
} from './model.ts';
import { operation, type Operations } from './operation.ts';
import { readToken, takePage } from './paging.ts';
import { integer, optional, refused, struct } from './shape.ts';
import type { Store } from './store.ts';
import { dropTable } from './tables.ts';

const named = struct({ CatalogId: catalogId, Name: foldedName });

export const databaseOperations: Operations = {
  CreateDatabase: operation(
    struct({ CatalogId: catalogId, DatabaseInput: databaseInput, Tags: refused() }),
    (store, request) => {
      if (store.get('database', ROOT, request.DatabaseInput.Name) !== undefined) {
        throw new GlueFault('AlreadyExistsException', 'Database already exists.');
      }
      save(store, request.DatabaseInput, now());
      return {};
    },
  ),

  GetDatabase: operation(named, (store, request) => ({ Database: findDatabase(store, request.Name) })),

  GetDatabases: operation(
    struct({
      CatalogId: catalogId,
      NextToken: optional(token),
      MaxResults: optional(integer(1, 100)),
      ResourceShareType: refused(),
      AttributesToGet: refused(),
    }),
    (store, request) => {
      const after = readToken(request.NextToken);
      const { items, ...next } = takePage(
        store.scan('database', ROOT, after),
        request.MaxResults ?? 100,
        (body) => body,
      );
      return { DatabaseList: items, ...next };
    },
  ),

  UpdateDatabase: operation(
    struct({ CatalogId: catalogId, Name: foldedName, DatabaseInput: databaseInput }),
    (store, request) => {
      const before = findDatabase(store, request.Name);
      if (request.DatabaseInput.Name !== before.Name) {
        throw new GlueFault('InvalidInputException', 'A database cannot be renamed.');
      }
      save(store, request.DatabaseInput, before.CreateTime);
      return {};
    },
  ),

  DeleteDatabase: operation(named, (store, request) => {
    findDatabase(store, request.Name);
    for (const table of [...store.scan('table', request.Name)]) dropTable(store, request.Name, table.name);
    store.delete('database', ROOT, request.Name);
    return {};
  }),
};

function save(store: Store, input: DatabaseInput, createTime: number): void {
  const database: Database = { ...input, CreateTime: createTime, CatalogId: CATALOG_ID };
  store.put('database', ROOT, database.Name, database);
}
