import { GlueFault } from './fault.ts';
import { childrenOf, findTable } from './lookup.ts';
import { catalogId, foldedName, token, versionId, type Table } from './model.ts';
import { operation, type Operations } from './operation.ts';
import { readToken, takePage } from './paging.ts';
import { integer, optional, struct } from './shape.ts';
import type { Store } from './store.ts';

const table = {
  CatalogId: catalogId,
  DatabaseName: foldedName,
  TableName: foldedName,
  AuditContext: optional(struct({})),
};

export const tableVersionOperations: Operations = {
  GetTableVersions: operation(
    struct({ ...table, NextToken: optional(token), MaxResults: optional(integer(1, 100)) }),
    (store, request) => {
      const current = findTable(store, request.DatabaseName, request.TableName);
      const { items, ...next } = takePage(
        store.scanBack('version', childrenOf(current), readToken(request.NextToken)),
        request.MaxResults ?? 100,
        (body) => asVersion(body as Table),
      );
      return { TableVersions: items, ...next };
    },
  ),

  GetTableVersion: operation(struct({ ...table, VersionId: optional(versionId) }), (store, request) => {
    const current = findTable(store, request.DatabaseName, request.TableName);
    return { TableVersion: asVersion(findVersion(store, current, request.VersionId ?? current.VersionId)) };
  }),

  DeleteTableVersion: operation(struct({ ...table, VersionId: versionId }), (store, request) => {
    const current = findTable(store, request.DatabaseName, request.TableName);
    const version = findVersion(store, current, request.VersionId);
    if (version.VersionId === current.VersionId) {
      throw new GlueFault('InvalidInputException', 'The current version of a table cannot be deleted.');
    }
    store.delete('version', childrenOf(current), sortable(version.VersionId));
    return {};
  }),
};

/** Keeps the table as its own newest version. */
export function saveVersion(store: Store, version: Table): void {
  store.put('version', childrenOf(version), sortable(version.VersionId), version);
}

/** UpdateTable with SkipArchive keeps no copy of what it replaces. */
export function forgetVersion(store: Store, version: Table): void {
  store.delete('version', childrenOf(version), sortable(version.VersionId));
}

function findVersion(store: Store, current: Table, version: string): Table {
  if (!/^\d{1,12}$/.test(version)) {
    throw new GlueFault('InvalidInputException', `Version id '${version}' is not an integer.`);
  }
  const found = store.get('version', childrenOf(current), sortable(version));
  if (found === undefined) {
    throw new GlueFault('EntityNotFoundException', `Version ${version} of table ${current.Name} not found.`);
  }
  return found as Table;
}

function asVersion(version: Table): { Table: Table; VersionId: string } {
  return { Table: version, VersionId: version.VersionId };
}

/** Zero-padded, so that the order of texts is the order of numbers. */
function sortable(version: string): string {
  return version.padStart(12, '0');
}
