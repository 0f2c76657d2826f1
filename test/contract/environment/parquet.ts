import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** A Parquet file of the rows of a DuckDB SELECT, by another writer than Reefline's own. */
export async function parquetOf(select: string): Promise<Uint8Array> {
  const dir = await mkdtemp(join(tmpdir(), 'reefline-contract-'));
  const path = join(dir, 'part');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const duckdb = await instance.connect();
  try {
    await duckdb.run(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
    return await readFile(path);
  } finally {
    duckdb.closeSync();
    instance.closeSync();
    await rm(dir, { recursive: true });
  }
}
