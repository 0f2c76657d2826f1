import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { MAGIC } from './file-footer.ts';
import { parquetField, PHYSICAL } from './parquet-field.ts';
import { codecOf, type PageCodec } from './page-codec.ts';
import { ThriftReader, type ThriftStruct, type ThriftValue } from './thrift-reader.ts';

/** A file of known size, wherever it lies. Ranges may be asked for again and at once. */
export interface ByteSource {
  /** For messages: `s3://…`. */
  readonly name: string;
  readonly size: number;
  /** The bytes from `start` up to and without `end`. */
  read(start: number, end: number): Promise<Buffer>;
}

/** Where the pages of one column of a row group lie, and how they are compressed. */
export interface StoredChunk {
  readonly start: number;
  readonly bytes: number;
  readonly codec: PageCodec;
}

export interface StoredGroup {
  readonly rows: number;
  readonly chunks: readonly StoredChunk[];
}

/** Bytes at the end that are read first: they hold the whole footer of most files. */
const TAIL = 64 * 1024;
const CLOSING = 8;
const REQUIRED = 0;

/**
 * The row groups of a file that `ParquetFile` wrote for these columns.
 * @throws StageFailure `data_error` when it is no such file, with the name of the file and what is different.
 */
export async function readFooter(
  source: ByteSource,
  columns: readonly Column[],
): Promise<readonly StoredGroup[]> {
  const footer = await footerBytes(source);
  try {
    const metadata = new ThriftReader(footer).struct();
    checkSchema(source, list(metadata.get(2)).map(struct), columns);
    return list(metadata.get(4)).map((group) => storedGroup(source, struct(group), columns));
  } catch (error) {
    if (error instanceof StageFailure) throw error;
    throw refuse(source, 'has a footer that cannot be read', error);
  }
}

/** What is said of every file that Reefline cannot take rows from. */
export function refuse(source: Pick<ByteSource, 'name'>, what: string, cause?: unknown): StageFailure {
  return new StageFailure(
    'data_error',
    `The staged file ${source.name} ${what}. Reefline loads Parquet files that its own extracts wrote: run the extract of this label again.`,
    { ...(cause === undefined ? {} : { cause }), facts: { file: source.name } },
  );
}

async function footerBytes(source: ByteSource): Promise<Buffer> {
  const start = Math.max(0, source.size - TAIL);
  const tail = await source.read(start, source.size);
  if (source.size < CLOSING + MAGIC.length || !tail.subarray(-MAGIC.length).equals(MAGIC))
    throw refuse(source, 'is no complete Parquet file');
  const from = source.size - CLOSING - tail.readUInt32LE(tail.length - CLOSING);
  if (from < MAGIC.length) throw refuse(source, 'has a footer that is longer than the file');
  const footer = from >= start ? tail.subarray(from - start) : await source.read(from, source.size);
  return footer.subarray(0, footer.length - CLOSING);
}

function checkSchema(
  source: ByteSource,
  [root, ...elements]: readonly ThriftStruct[],
  columns: readonly Column[],
): void {
  if (root?.get(5) !== columns.length || elements.length !== columns.length) {
    throw refuse(
      source,
      `has ${String(elements.length)} columns, and its manifest names ${String(columns.length)}`,
    );
  }
  for (const [at, column] of columns.entries()) {
    const element = elements[at];
    const field = parquetField(column.type);
    const same =
      element !== undefined &&
      text(element.get(4)) === column.name &&
      element.get(1) === field.physical &&
      (field.physical !== PHYSICAL.fixed || element.get(2) === field.width) &&
      (element.get(3) === REQUIRED || column.nullable) &&
      element.get(6) === field.converted &&
      (field.decimal === undefined || element.get(7) === field.decimal.scale);
    if (same) continue;
    throw refuse(
      source,
      `does not hold the column "${column.name}" as ${describeType(column.type)}, as its manifest says`,
    );
  }
}

function storedGroup(source: ByteSource, group: ThriftStruct, columns: readonly Column[]): StoredGroup {
  const chunks = list(group.get(1)).map((chunk): StoredChunk => {
    const metadata = struct(struct(chunk).get(3));
    const codec = codecOf(number(metadata.get(4)));
    if (codec === undefined)
      throw refuse(source, `is compressed with codec ${String(number(metadata.get(4)))}`);
    if (metadata.has(11)) throw refuse(source, 'has pages with a dictionary');
    const [start, bytes] = [number(metadata.get(9)), number(metadata.get(7))];
    if (start < MAGIC.length || start + bytes > source.size)
      throw refuse(source, 'names pages beyond its end');
    return { start, bytes, codec };
  });
  if (chunks.length !== columns.length) throw refuse(source, 'has a row group that lacks columns');
  return { rows: number(group.get(3)), chunks };
}

function struct(value: ThriftValue | undefined): ThriftStruct {
  if (value instanceof Map) return value;
  throw new TypeError('no struct');
}

function list(value: ThriftValue | undefined): readonly ThriftValue[] {
  if (Array.isArray(value)) return value as readonly ThriftValue[];
  throw new TypeError('no list');
}

function number(value: ThriftValue | undefined): number {
  if (typeof value === 'number') return value;
  throw new TypeError('no number');
}

function text(value: ThriftValue | undefined): string | undefined {
  return Buffer.isBuffer(value) ? value.toString() : undefined;
}
