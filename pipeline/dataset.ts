/** `<connection>.<schema>.<table>`, e.g. `warehouse.analytics.orders`. */
export interface DatasetName {
  readonly connection: string;
  readonly schema: string;
  readonly table: string;
}

/**
 * Reads a dataset id. The table may itself contain dots only when quoted systems allow it; Reefline does not:
 * exactly three parts, each of letters, digits, `_`, `$` or `-`, not starting with a digit or `-`.
 * Returns undefined when the text is no dataset id.
 */
export function parseDataset(id: string): DatasetName | undefined {
  const parts = id.split('.');
  if (parts.length !== 3 || !parts.every((part) => /^[\p{L}_][\p{L}\p{N}_$-]{0,126}$/u.test(part)))
    return undefined;
  const [connection, schema, table] = parts as [string, string, string];
  return { connection, schema, table };
}

export function datasetId(name: DatasetName): string {
  return `${name.connection}.${name.schema}.${name.table}`;
}
