import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { StageFailure } from '../../pipeline/failure.ts';
import { toPostgresFailure } from './failures.ts';
import { quoteIdentifier } from './quote.ts';

/**
 * Rows as COPY takes them, cut anywhere: in its binary format without the file's header and trailer, or as CSV in UTF-8
 * whose NULL is `\N`.
 */
export type CopyRows = AsyncIterable<Uint8Array>;
export type CopyFormat = 'binary' | 'csv';

interface CopyIn {
  /** Quoted name of the table. */
  readonly into: string;
  readonly names: readonly string[];
  readonly format: CopyFormat;
  readonly rows: CopyRows;
  /** As for `toPostgresFailure`. */
  readonly where: string;
  readonly doing: string;
}

/** Signature, flags and length of the extension (https://www.postgresql.org/docs/current/sql-copy.html, "File Header"). */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

const OPTIONS: Readonly<Record<CopyFormat, string>> = {
  binary: 'format binary',
  csv: "format csv, null E'\\\\N', encoding 'UTF8'",
};

/** Chunks that may wait for the server. The next ones are being made meanwhile. */
const MAX_WAITING = 32;

/**
 * Copies rows into a table and answers their number, as the server counts it.
 * @throws StageFailure: one that `rows` throws passes unchanged; a value that the table refuses is `data_error` and
 * named by row and column.
 */
export async function copyInto(
  client: pg.Client,
  { into, names, format, rows, where, doing }: CopyIn,
  signal: AbortSignal | undefined,
): Promise<number> {
  const columns = names.map(quoteIdentifier).join(', ');
  const target = client.query(copyFrom(`copy ${into} (${columns}) from stdin (${OPTIONS[format]})`));
  try {
    await pipeline(
      Readable.from(format === 'binary' ? framed(rows) : rows, {
        objectMode: true,
        highWaterMark: MAX_WAITING,
      }),
      target,
      signal === undefined ? {} : { signal },
    );
    return target.rowCount;
  } catch (error) {
    throw withPlace(error, where, doing);
  }
}

async function* framed(rows: CopyRows): AsyncGenerator<Uint8Array> {
  yield HEADER;
  yield* rows;
  yield TRAILER;
}

/** Where the server found the fault, `COPY orders, line 3, column note`, and which key is taken. */
function withPlace(error: unknown, where: string, doing: string): StageFailure {
  const failure = toPostgresFailure(error, where, doing);
  if (failure === error) return failure;
  const { where: place, detail } = error as Partial<Record<'where' | 'detail', string>>;
  const more = [detail, place].filter((text) => text !== undefined && text !== '').join(' ');
  if (more === '') return failure;
  return new StageFailure(failure.failureClass, `${failure.message} ${more}.`, {
    cause: error,
    facts: { ...failure.facts, place: place ?? null },
  });
}
