import { openWarehouse } from '../../connectors/redshift/client.ts';
import { storedName as redshiftName } from '../../connectors/redshift/names.ts';
import {
  tableColumns as redshiftColumns,
  tableRows as redshiftRows,
} from '../../connectors/redshift/read-table.ts';
import { closeWarehouse, openWarehouse as openSnowflake } from '../../connectors/snowflake/client.ts';
import { neutralName, storedName, tableOf } from '../../connectors/snowflake/names.ts';
import { tableColumns, tableRows } from '../../connectors/snowflake/read-table.ts';
import type { Column } from '../../pipeline/column.ts';
import { destinationOf } from './destination.ts';
import type { StageTools } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

type Pages = AsyncIterable<readonly (readonly (string | null)[])[]>;

/** A table of a warehouse from which rows are published. */
export interface PublishSource {
  /** What the source calls a column that the author names. */
  readonly nameOf: (column: string) => string;
  /** @throws StageFailure when there is no such table, or a column that cannot be read exactly. */
  readonly columns: (labelled: boolean) => Promise<readonly Column[]>;
  /** Rows of some labels, or of all; `spread` are columns whose values spread them evenly. */
  readonly rows: (
    columns: readonly Column[],
    labels: readonly string[] | undefined,
    spread: readonly Column[],
  ) => Pages;
  readonly close: () => Promise<void>;
}

/** Opens the table of a dataset. @throws StageFailure `invalid_config` when it lies in no warehouse that publishes read. */
export async function openPublishSource(
  dataset: string,
  tools: StageTools,
  watch: { readonly beat: () => void; readonly signal: AbortSignal },
): Promise<PublishSource> {
  const { name, connection } = destinationOf(dataset, tools);
  if (connection.kind === 'snowflake') {
    const warehouse = await openSnowflake(connection, watch);
    const table = tableOf(name);
    return {
      nameOf: (column) => neutralName(storedName(column)),
      columns: (labelled) => tableColumns(warehouse, table, labelled, watch),
      rows: (columns, labels) => tableRows(warehouse, table, columns, labels, watch),
      close: () => closeWarehouse(warehouse),
    };
  }
  const { connection: redshift, table } = warehouseTarget(dataset, tools);
  const warehouse = openWarehouse(redshift);
  return {
    nameOf: redshiftName,
    columns: (labelled) => redshiftColumns(warehouse, table, labelled, watch),
    rows: (columns, labels, spread) => redshiftRows(warehouse, table, { columns, labels, spread }, watch),
    close: () => {
      warehouse.client.destroy();
      return Promise.resolve();
    },
  };
}
