import {
  flag,
  integer,
  list,
  map,
  optional,
  refused,
  struct,
  text,
  time,
  type Of,
  type Shape,
} from './shape.ts';

/*
 * Structures of the Glue API with the limits of its reference
 * (https://docs.aws.amazon.com/glue/latest/webapi/API_Structures.html).
 */

/** The "single-line string" and the "URI/multi-line string" patterns of the reference, in JavaScript's notation. */
const SINGLE_LINE = /^[\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}\t]*$/u;
const MULTI_LINE = /^[\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}\r\n\t]*$/u;

export const name = text(1, 255, SINGLE_LINE);
export const description = text(0, 2048, MULTI_LINE);
export const versionId = text(1, 255, SINGLE_LINE);
export const token = text(0, 65_536);
const location = text(0, 2056, MULTI_LINE);
const formatClass = text(0, 128, SINGLE_LINE);
export const catalogId = optional(text(1, 255, SINGLE_LINE));
const parameters = map(text(1, 255, SINGLE_LINE), text(0, 512_000));
export const values = list(text(0, 1024));

/** Folded as Glue stores database and table names. */
export function folded(shape: Shape<string>): Shape<string> {
  return { read: (value, path, report) => shape.read(value, path, report).toLowerCase() };
}

export const foldedName = folded(name);

const column = struct({
  Name: name,
  Type: optional(text(0, 131_072, SINGLE_LINE)),
  Comment: optional(text(0, 255, SINGLE_LINE)),
  Parameters: optional(parameters),
});
export type Column = Of<typeof column>;

const storageDescriptor = struct({
  Columns: optional(list(column)),
  Location: optional(location),
  AdditionalLocations: optional(list(location)),
  InputFormat: optional(formatClass),
  OutputFormat: optional(formatClass),
  Compressed: optional(flag),
  NumberOfBuckets: optional(integer(-2_147_483_648, 2_147_483_647)),
  SerdeInfo: optional(
    struct({
      Name: optional(name),
      SerializationLibrary: optional(name),
      Parameters: optional(parameters),
    }),
  ),
  BucketColumns: optional(list(name)),
  SortColumns: optional(list(struct({ Column: name, SortOrder: integer(0, 1) }))),
  Parameters: optional(parameters),
  SkewedInfo: optional(
    struct({
      SkewedColumnNames: optional(list(name)),
      SkewedColumnValues: optional(list(text(0, 1024))),
      SkewedColumnValueLocationMaps: optional(map(text(0, 1024), text(0, 2056))),
    }),
  ),
  StoredAsSubDirectories: optional(flag),
  SchemaReference: refused(),
});

export const databaseInput = struct({
  Name: foldedName,
  Description: optional(description),
  LocationUri: optional(text(1, 1024, MULTI_LINE)),
  Parameters: optional(parameters),
  CreateTableDefaultPermissions: refused(),
  TargetDatabase: refused(),
  FederatedDatabase: refused(),
});
export type DatabaseInput = Of<typeof databaseInput>;

export const tableInput = struct({
  Name: foldedName,
  Description: optional(description),
  Owner: optional(name),
  LastAccessTime: optional(time),
  LastAnalyzedTime: optional(time),
  Retention: optional(integer(0, 2_147_483_647)),
  StorageDescriptor: optional(storageDescriptor),
  PartitionKeys: optional(list(column)),
  ViewOriginalText: optional(text(0, 409_600)),
  ViewExpandedText: optional(text(0, 409_600)),
  TableType: optional(text(0, 255)),
  Parameters: optional(parameters),
  TargetTable: refused(),
  FederatedTable: refused(),
  ViewDefinition: refused(),
});
export type TableInput = Of<typeof tableInput>;

export const partitionInput = struct({
  Values: optional(values),
  LastAccessTime: optional(time),
  StorageDescriptor: optional(storageDescriptor),
  Parameters: optional(parameters),
  LastAnalyzedTime: optional(time),
});
export type PartitionInput = Of<typeof partitionInput>;

/** What the server adds when it stores an input; timestamps are seconds since the Unix epoch. */
export interface Database extends DatabaseInput {
  readonly CreateTime: number;
  readonly CatalogId: string;
}

export interface Table extends TableInput {
  readonly DatabaseName: string;
  readonly CreateTime: number;
  readonly UpdateTime: number;
  readonly CreatedBy: string;
  readonly IsRegisteredWithLakeFormation: false;
  readonly CatalogId: string;
  readonly VersionId: string;
}

export interface Partition extends PartitionInput {
  readonly Values: readonly string[];
  readonly DatabaseName: string;
  readonly TableName: string;
  readonly CreationTime: number;
  readonly CatalogId: string;
}

/** The account number of the only catalog here. */
export const CATALOG_ID = '000000000000';

/** Seconds since the Unix epoch, now. */
export function now(): number {
  return Date.now() / 1000;
}
