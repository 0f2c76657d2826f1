import type { Column as GlueColumn, StorageDescriptor } from '@aws-sdk/client-glue';

/** How Hive, Athena, Spark and Redshift Spectrum are told to read a folder of Parquet files. */
export function parquetStorage(columns: readonly GlueColumn[], location: string): StorageDescriptor {
  return {
    Columns: [...columns],
    Location: location,
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      Parameters: { 'serialization.format': '1' },
    },
    Compressed: false,
    StoredAsSubDirectories: false,
  };
}
