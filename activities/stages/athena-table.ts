import type { TableName } from '../../connectors/athena/names.ts';
import type { AthenaConnection } from '../../pipeline/connection.ts';
import { parseDataset } from '../../pipeline/dataset.ts';
import type { StageTools } from './runner.ts';

/** The connection and the table of a dataset when it lies in Athena, undefined when it lies elsewhere. */
export function athenaTable(
  dataset: string,
  tools: Pick<StageTools, 'connection'>,
): { connection: AthenaConnection; table: TableName } | undefined {
  const name = parseDataset(dataset);
  if (name === undefined) return undefined;
  const connection = tools.connection(name.connection);
  if (connection.kind !== 'athena') return undefined;
  // Glue folds names; folded here, messages and requests show what the catalog has.
  return { connection, table: { database: name.schema.toLowerCase(), table: name.table.toLowerCase() } };
}
