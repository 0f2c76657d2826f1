import { createHash } from 'node:crypto';
import { StageFailure } from '../../pipeline/failure.ts';
import { csvLine } from './csv.ts';
import { fieldValue } from './field-value.ts';
import type { Spool } from './spool.ts';
import type { FieldPair, Target } from './target.ts';

/** CSV of one ingest job, on disk. */
export interface Chunk {
  /** Of its content: the same rows of the same state of the source make the same chunk, in every attempt. */
  readonly digest: string;
  readonly rows: number;
  readonly read: () => Promise<string>;
}

/**
 * Bounds of a chunk. An upload may have 150 MB once it is in base64, and 100 MB before (Bulk API 2.0 Developer Guide,
 * "Upload Job Data"); smaller ones bound the memory of the mover and what a lost attempt repeats.
 */
export interface ChunkBounds {
  readonly bytes: number;
  readonly rows: number;
}

export const CHUNK_BOUNDS: ChunkBounds = { bytes: 16_000_000, rows: 100_000 };

/**
 * Writes the rows as CSV into the spool; a chunk of no rows does not exist. Everything is written before anything is sent, so
 * that a value which Salesforce would change stops the publish while nothing has happened.
 * @throws StageFailure `data_error` that names column, field and row of such a value.
 */
export async function spoolChunks(
  spool: Spool,
  target: Target,
  pages: AsyncIterable<readonly (readonly (string | null)[])[]>,
  bounds: ChunkBounds,
): Promise<readonly Chunk[]> {
  const header = csvLine(target.pairs.map(({ field }) => field.name));
  const chunks: Chunk[] = [];
  let lines: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (lines.length === 0) return;
    chunks.push(await writeChunk(spool, [header, ...lines]));
    lines = [];
  };
  for await (const rows of pages) {
    for (const row of rows) {
      const line = csvLine(rowValues(target, row));
      const size = Buffer.byteLength(line);
      if (lines.length >= bounds.rows || bytes + size > bounds.bytes) await flush();
      if (lines.length === 0) bytes = header.length;
      lines.push(line);
      bytes += size;
    }
  }
  await flush();
  return chunks;
}

async function writeChunk(spool: Spool, lines: readonly string[]): Promise<Chunk> {
  const text = lines.join('');
  return {
    digest: createHash('sha256').update(text).digest('hex').slice(0, 32),
    rows: lines.length - 1,
    read: await spool.append(text),
  };
}

function rowValues({ object, pairs, key }: Target, row: readonly (string | null)[]): readonly string[] {
  return pairs.map((pair, at) => {
    const made = fieldValue(row[at] ?? null, pair.column.type, pair.field);
    if ('text' in made) return made.text;
    throw refusedValue(object, pair, row[pairs.indexOf(key)] ?? 'NULL', made.refused);
  });
}

function refusedValue(object: string, { column, field }: FieldPair, key: string, why: string): StageFailure {
  return new StageFailure(
    'data_error',
    `Column "${column.name}" holds ${why}. It goes into Salesforce field ${object}.${field.name}, in the row whose key is ${key}. Nothing was sent.`,
    { facts: { column: column.name, object, field: field.name, key } },
  );
}
