import { tableOf, type TableName } from '../../connectors/redshift/names.ts';
import type { RedshiftConnection } from '../../pipeline/connection.ts';
import { parseDataset } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StageTools } from './runner.ts';

/** The warehouse and table of a dataset; throws StageFailure `invalid_config` when its connection is no Redshift. */
export function warehouseTarget(
  dataset: string,
  tools: Pick<StageTools, 'connection'>,
): { connection: RedshiftConnection; table: TableName } {
  const name = parseDataset(dataset);
  if (name === undefined)
    throw new StageFailure(
      'invalid_config',
      `"${dataset}" is no dataset: write <connection>.<schema>.<table>.`,
    );
  const connection = tools.connection(name.connection);
  if (connection.kind !== 'redshift') {
    throw new StageFailure(
      'invalid_config',
      `Dataset ${dataset} needs a Redshift connection, but ${name.connection} is of kind ${connection.kind}.`,
    );
  }
  return { connection, table: tableOf(name) };
}
