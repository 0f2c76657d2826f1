import {
  CreateTableCommand,
  EntityNotFoundException,
  GetDatabaseCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GlueClient,
  type Column,
  type Partition,
  type Table,
} from '@aws-sdk/client-glue';

/** A folder of a table, with the values that its rows have in the partition columns. */
export interface TableFolder {
  readonly location: string;
  readonly values: readonly string[];
}

/** What the catalog says of a table at one moment. */
export interface CatalogTable {
  readonly name: string;
  readonly serde: string;
  readonly isView: boolean;
  readonly columns: readonly Column[];
  readonly keys: readonly Column[];
  readonly folders: readonly TableFolder[];
}

/** The Glue stand-in as queries see it. */
export class GlueTables {
  readonly #glue: GlueClient;

  constructor(endpoint: string) {
    this.#glue = new GlueClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  }

  stop(): void {
    this.#glue.destroy();
  }

  async hasDatabase(name: string): Promise<boolean> {
    return (await found(this.#glue.send(new GetDatabaseCommand({ Name: name })))) !== undefined;
  }

  /** The table with all its partitions, undefined when there is none. */
  async find(database: string, name: string): Promise<CatalogTable | undefined> {
    const answer = await found(this.#glue.send(new GetTableCommand({ DatabaseName: database, Name: name })));
    const table = answer?.Table;
    if (table === undefined) return undefined;
    const keys = table.PartitionKeys ?? [];
    return {
      name: `${database}.${name}`,
      serde: table.StorageDescriptor?.SerdeInfo?.SerializationLibrary ?? '',
      isView: table.TableType === 'VIRTUAL_VIEW',
      columns: table.StorageDescriptor?.Columns ?? [],
      keys,
      folders: keys.length === 0 ? wholeTable(table) : (await this.#partitions(database, name)).map(folderOf),
    };
  }

  async #partitions(database: string, table: string): Promise<Partition[]> {
    const partitions: Partition[] = [];
    let token: string | undefined;
    do {
      const next = token === undefined ? {} : { NextToken: token };
      const page = await this.#glue.send(
        new GetPartitionsCommand({ DatabaseName: database, TableName: table, ...next }),
      );
      partitions.push(...(page.Partitions ?? []));
      token = page.NextToken;
    } while (token !== undefined);
    return partitions;
  }

  async createParquetTable(
    database: string,
    name: string,
    columns: readonly Column[],
    location: string,
  ): Promise<void> {
    const storage = {
      Columns: [...columns],
      Location: location,
      InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
    };
    await this.#glue.send(
      new CreateTableCommand({
        DatabaseName: database,
        TableInput: {
          Name: name,
          TableType: 'EXTERNAL_TABLE',
          StorageDescriptor: storage,
          Parameters: { EXTERNAL: 'TRUE', has_encrypted_data: 'false' },
        },
      }),
    );
  }
}

function wholeTable(table: Table): TableFolder[] {
  const location = table.StorageDescriptor?.Location;
  return location === undefined ? [] : [{ location, values: [] }];
}

function folderOf(partition: Partition): TableFolder {
  return { location: partition.StorageDescriptor?.Location ?? '', values: partition.Values ?? [] };
}

async function found<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof EntityNotFoundException) return undefined;
    throw error;
  }
}
