import { openAthena } from '../../connectors/athena/client.ts';
import type { TableName } from '../../connectors/athena/names.ts';
import type { Watch } from '../../connectors/athena/progress.ts';
import { tableRows as athenaRows } from '../../connectors/athena/read-table.ts';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { readStagedTable } from '../../connectors/glue/staging-table.ts';
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
import type { AthenaConnection } from '../../pipeline/connection.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { athenaTable } from './athena-table.ts';
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
  watch: Watch,
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
  const athena = athenaTable(dataset, tools);
  if (athena !== undefined) return athenaSource(athena.connection, athena.table, dataset, watch);
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

function athenaSource(
  connection: AthenaConnection,
  table: TableName,
  dataset: string,
  watch: Watch,
): PublishSource {
  const athena = openAthena(connection);
  const glue = createGlueClient(connection.region === undefined ? {} : { region: connection.region });
  return {
    // Glue has no capital letters.
    nameOf: (column) => column.toLowerCase(),
    columns: async () => {
      const found = await readStagedTable({ client: glue, signal: watch.signal }, table, dataset);
      if (found !== undefined) return found.columns;
      throw new StageFailure(
        'not_found',
        `Glue has no table ${table.database}.${table.table} that this worker may see. Run the stage that produces ${dataset} first.`,
        { facts: { table: `${table.database}.${table.table}` } },
      );
    },
    rows: (columns, labels) => athenaRows(athena, table, columns, labels, watch),
    close: () => {
      glue.destroy();
      athena.client.destroy();
      return Promise.resolve();
    },
  };
}
