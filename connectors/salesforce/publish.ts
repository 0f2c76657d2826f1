import { checkAllocation } from './allocation.ts';
import { CHUNK_BOUNDS, spoolChunks, type ChunkBounds } from './chunks.ts';
import { readFailedRows, type RefusedRow } from './failed-rows.ts';
import { ingestChunk, settleOthers } from './ingest.ts';
import type { JobLog } from './resume.ts';
import type { Org } from './session.ts';
import { openSpool } from './spool.ts';
import type { Target } from './target.ts';

export interface UpsertRequest {
  readonly target: Target;
  /** Values are PostgreSQL's text for the column's type; in the same order whenever the source is the same. */
  readonly pages: AsyncIterable<readonly (readonly (string | null)[])[]>;
  /** Called once per job that is complete, in their order, also without failed rows; repeated by an attempt that re-attaches. */
  readonly ended: (job: string, sent: number, failed: readonly RefusedRow[]) => Promise<void>;
  readonly bounds?: ChunkBounds;
}

/**
 * Inserts or updates records by external id, job after job. All rows are read and checked before the first one is sent.
 * @throws StageFailure for what the org as a whole refuses; what it refuses of single rows goes to `ended`.
 */
export async function upsertRecords(org: Org, request: UpsertRequest, log: JobLog): Promise<void> {
  const { target, pages, ended, bounds = CHUNK_BOUNDS } = request;
  const spool = await openSpool();
  try {
    const chunks = await spoolChunks(spool, target, pages, bounds);
    await settleOthers(org, chunks, log);
    await checkAllocation(
      org,
      chunks.filter(({ digest }) => log.jobOf(digest) === undefined),
    );
    for (const chunk of chunks) {
      const job = await ingestChunk(org, target, chunk, log);
      await ended(
        job.id,
        chunk.rows,
        job.numberRecordsFailed === 0 ? [] : await readFailedRows(org, target, job.id),
      );
    }
  } finally {
    await spool.close();
  }
}
