import { openAthena } from '../../connectors/athena/client.ts';
import type { TableName } from '../../connectors/athena/names.ts';
import type { Watch } from '../../connectors/athena/progress.ts';
import { findBadKey as athenaBadKey, tableRows as athenaRows } from '../../connectors/athena/read-table.ts';
import type { GlueSession } from '../../connectors/glue/call.ts';
import { createGlueClient } from '../../connectors/glue/client.ts';
import { readStagedTable } from '../../connectors/glue/staging-table.ts';
import { openWarehouse, type Warehouse as Redshift } from '../../connectors/redshift/client.ts';
import { storedName as redshiftName } from '../../connectors/redshift/names.ts';
import { findBadKey as redshiftBadKey } from '../../connectors/redshift/publish-source.ts';
import {
  tableColumns as redshiftColumns,
  tableRows as redshiftRows,
} from '../../connectors/redshift/read-table.ts';
import {
  closeWarehouse,
  openWarehouse as openSnowflake,
  type Warehouse as Snowflake,
} from '../../connectors/snowflake/client.ts';
import { neutralName, storedName, tableOf } from '../../connectors/snowflake/names.ts';
import { findBadKey } from '../../connectors/snowflake/publish-source.ts';
import { tableColumns, tableRows } from '../../connectors/snowflake/read-table.ts';
import type { Column } from '../../pipeline/column.ts';
import type { AthenaConnection, SnowflakeConnection } from '../../pipeline/connection.ts';
import type { DatasetName } from '../../pipeline/dataset.ts';
import type { BadKey } from '../../pipeline/failed-rows.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { athenaTable } from './athena-table.ts';
import { destinationOf } from './destination.ts';
import type { StageTools } from './runner.ts';
import { warehouseTarget } from './warehouse-target.ts';

type Pages = AsyncIterable<readonly (readonly (string | null)[])[]>;

/** The warehouse that was opened for a source, for whatever else has to be kept there. */
export type OpenedWarehouse =
  | { readonly kind: 'redshift'; readonly warehouse: Redshift }
  | { readonly kind: 'snowflake'; readonly warehouse: Snowflake }
  | {
      readonly kind: 'athena';
      readonly glue: GlueSession;
      readonly connection: AthenaConnection;
      readonly database: string;
    };

/** Which rows are read, and how. */
export interface SourceRows {
  readonly columns: readonly Column[];
  /** The labels whose rows are read; all rows of the table when it is undefined. */
  readonly labels: readonly string[] | undefined;
  /** Columns whose values spread the rows evenly: the key. */
  readonly spread: readonly Column[];
  /** A column by which the rows are sorted, so that they come in the same order whenever they are the same. */
  readonly order?: string;
}

/** A table of a warehouse from which rows are published. */
export interface PublishSource {
  readonly opened: OpenedWarehouse;
  /** How the warehouse writes the name of the table, for messages. */
  readonly name: string;
  /** What the source calls a column that the author names. */
  readonly nameOf: (column: string) => string;
  /** @throws StageFailure when there is no such table, or a column that cannot be read exactly. */
  readonly columns: (labelled: boolean) => Promise<readonly Column[]>;
  readonly rows: (selection: SourceRows) => Pages;
  /** A key of these rows that is NULL or not unique; undefined when there is none. */
  readonly badKey: (key: string, labels: readonly string[] | undefined) => Promise<BadKey | undefined>;
  readonly close: () => Promise<void>;
}

/** Opens the table of a dataset. @throws StageFailure `invalid_config` when it lies in no warehouse that publishes read. */
export async function openPublishSource(
  dataset: string,
  tools: StageTools,
  watch: Watch,
): Promise<PublishSource> {
  const { name, connection } = destinationOf(dataset, tools);
  if (connection.kind === 'snowflake') return snowflakeSource(connection, name, watch);
  const athena = athenaTable(dataset, tools);
  if (athena !== undefined) return athenaSource(athena.connection, athena.table, dataset, watch);
  return redshiftSource(dataset, tools, watch);
}

async function snowflakeSource(
  connection: SnowflakeConnection,
  dataset: DatasetName,
  watch: Watch,
): Promise<PublishSource> {
  const warehouse = await openSnowflake(connection, watch);
  const table = tableOf(dataset);
  return {
    opened: { kind: 'snowflake', warehouse },
    name: `${table.schema}.${table.table}`,
    nameOf: (column) => neutralName(storedName(column)),
    columns: (labelled) => tableColumns(warehouse, table, labelled, watch),
    rows: (selection) => tableRows(warehouse, table, selection, watch),
    badKey: (key, labels) => findBadKey(warehouse, table, key, labels, watch),
    close: () => closeWarehouse(warehouse),
  };
}

function redshiftSource(dataset: string, tools: StageTools, watch: Watch): PublishSource {
  const { connection, table } = warehouseTarget(dataset, tools);
  const warehouse = openWarehouse(connection);
  return {
    opened: { kind: 'redshift', warehouse },
    name: `${table.schema}.${table.table}`,
    nameOf: redshiftName,
    columns: (labelled) => redshiftColumns(warehouse, table, labelled, watch),
    rows: (selection) => redshiftRows(warehouse, table, selection, watch),
    badKey: (key, labels) => redshiftBadKey(warehouse, table, key, labels, watch),
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
  const client = createGlueClient(connection.region === undefined ? {} : { region: connection.region });
  const glue = { client, signal: watch.signal };
  const name = `${table.database}.${table.table}`;
  return {
    opened: { kind: 'athena', glue, connection, database: table.database },
    name,
    // Glue has no capital letters.
    nameOf: (column) => column.toLowerCase(),
    columns: async () => {
      const found = await readStagedTable(glue, table, dataset);
      if (found !== undefined) return found.columns;
      throw new StageFailure(
        'not_found',
        `Glue has no table ${name} that this worker may see. Run the stage that produces ${dataset} first.`,
        { facts: { table: name } },
      );
    },
    rows: (selection) => athenaRows(athena, table, selection, watch),
    badKey: (key, labels) => athenaBadKey(athena, table, key, labels, watch),
    close: () => {
      client.destroy();
      athena.client.destroy();
      return Promise.resolve();
    },
  };
}
